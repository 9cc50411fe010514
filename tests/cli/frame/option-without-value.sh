regadm --root; echo $?
sample reg
regadm --root reg ls -j; echo $?
regadm --root reg ls -j none; echo $?
regadm --root reg ls --json=yes
