sample reg; export REGADM_ROOT=reg
regadm ls -q --sort size
regadm ls -q --sort tags
regadm ls -q --sort updated
regadm ls -q --reverse
