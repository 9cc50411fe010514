mkdir empty
regadm --root empty ls
