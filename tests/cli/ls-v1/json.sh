sample --v1 old
regadm ls-v1 --json old
