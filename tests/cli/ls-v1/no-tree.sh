mkdir empty
regadm ls-v1 empty
