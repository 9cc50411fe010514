sample reg; export REGADM_ROOT=reg
regadm inspect web/site@f671b04f1dda
