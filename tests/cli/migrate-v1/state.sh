sample --v1 old
regadm --root new migrate-v1 -q --state state old 2>/dev/null
wc -l < state
regadm --root new migrate-v1 --state state old 2>&1 | grep -o '[0-9]* read'
regadm --root new migrate-v1 --state names old 2>/dev/null
wc -l < names
