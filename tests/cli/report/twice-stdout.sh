sample reg; export REGADM_ROOT=reg
regadm report -o - --json
