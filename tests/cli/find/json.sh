sample reg; export REGADM_ROOT=reg
regadm find --json --arch arm64
