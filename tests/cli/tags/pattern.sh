sample reg; export REGADM_ROOT=reg
regadm tags -q 'tools/hello:[0-9]*'
regadm tags -q 'tools/hello:*.?'
regadm tags -q --filter 'l*' tools/hello
regadm tags -q --regex '^[0-9]+' tools/hello
