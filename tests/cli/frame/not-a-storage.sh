mkdir empty
touch empty/file
regadm --root empty ls
