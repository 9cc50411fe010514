sample reg; export REGADM_ROOT=reg
regadm find --arch arm64
regadm find --os windows
regadm find --larger-than 45k
