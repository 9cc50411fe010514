sample --v1 old
regadm --root new migrate-v1 --lowercase -q old 2>/dev/null
regadm --root new migrate-v1 --lowercase old
