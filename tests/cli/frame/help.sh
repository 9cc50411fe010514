regadm help
