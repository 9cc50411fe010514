regadm -j many ls
