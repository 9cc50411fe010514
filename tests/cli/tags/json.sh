sample reg; export REGADM_ROOT=reg
regadm tags --json tools/hello web/site
