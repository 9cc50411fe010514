sample reg; export REGADM_ROOT=reg
regadm inspect tools/hello
