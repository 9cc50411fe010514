sample reg; export REGADM_ROOT=reg
regadm inspect --json tools/hello:1.0
regadm inspect --json web/site:stable
