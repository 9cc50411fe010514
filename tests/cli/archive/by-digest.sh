sample reg; export REGADM_ROOT=reg
regadm export "tools/hello@$(regadm inspect -q tools/hello:1.0)" -q -o one.tar
regadm archive one.tar 2>/dev/null
regadm archive --json one.tar | grep -A 6 '"images"'
