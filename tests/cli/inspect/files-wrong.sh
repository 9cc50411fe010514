sample reg; export REGADM_ROOT=reg
regadm inspect --layer 3 tools/hello
regadm inspect --files web/site:stable
regadm inspect --cat /etc/passwd tools/hello
regadm inspect --cat etc tools/hello
regadm inspect --cat etc --json tools/hello
