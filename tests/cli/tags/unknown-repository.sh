sample reg; export REGADM_ROOT=reg
regadm tags tools/helo
regadm tags tools
