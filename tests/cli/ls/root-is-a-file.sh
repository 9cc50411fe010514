echo > file
regadm --root file ls
