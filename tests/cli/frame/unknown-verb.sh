regadm frobnicate
