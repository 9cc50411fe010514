sample reg
regadm --root reg ls --jsn; echo $?
regadm --rot reg ls
