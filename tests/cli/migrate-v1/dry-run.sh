sample --v1 old
regadm --root new migrate-v1 -n old
ls
