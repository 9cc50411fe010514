sample reg; export REGADM_ROOT=reg
regadm du 'tools/*'
