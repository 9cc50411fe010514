sample reg; export REGADM_ROOT=reg
regadm tags --digests web/site
