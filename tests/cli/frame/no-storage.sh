regadm --root nowhere ls
