sample --v1 old
regadm --root new migrate-v1 --lowercase -q old team/app:1.0 2>/dev/null
regadm --root new inspect --config team/app:1.0
regadm --root new fsck
regadm --root new gc -n --min-age 0
