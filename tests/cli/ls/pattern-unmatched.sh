sample reg; export REGADM_ROOT=reg
regadm ls nothing-like-it
