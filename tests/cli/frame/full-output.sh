sample reg
regadm --root reg ls > /dev/full
