regadm inspct x
