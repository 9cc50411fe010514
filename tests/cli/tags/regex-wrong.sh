sample reg; export REGADM_ROOT=reg
regadm tags --regex '(' tools/hello
