sample --v1 old
regadm ls-v1 -q old
