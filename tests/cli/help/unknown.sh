regadm help lss
