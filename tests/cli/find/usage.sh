sample reg; export REGADM_ROOT=reg
regadm find
