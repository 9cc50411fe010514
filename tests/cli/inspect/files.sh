sample reg; export REGADM_ROOT=reg
regadm inspect --files tools/hello
regadm inspect --files -q tools/hello
regadm inspect --layer 2 tools/hello
regadm inspect --layer all tools/hello:0.9
