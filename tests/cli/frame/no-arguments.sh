regadm
