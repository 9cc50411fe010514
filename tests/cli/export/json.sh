sample reg; export REGADM_ROOT=reg
regadm export --json --no-timestamp tools/hello -o app.tar
