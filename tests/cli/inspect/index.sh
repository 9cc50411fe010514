sample reg; export REGADM_ROOT=reg
regadm inspect web/site:stable
