sample reg; export REGADM_ROOT=reg
regadm fsck
regadm fsck --quick
