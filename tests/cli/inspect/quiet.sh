sample reg; export REGADM_ROOT=reg
regadm inspect -q tools/hello:1.0
