sample reg; export REGADM_ROOT=reg
regadm inspect --config web/site:stable
