mkdir empty
regadm ls-v1 empty
sample --v1 old
regadm ls-v1 old/images
