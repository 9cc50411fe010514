sample reg
regadm -v --root reg ls -q | wc -l
