regadm completion tcsh
