exec 2>&1
sample reg; export REGADM_ROOT=reg
regadm inspect --cat /bin/nothing tools/hello:1.0
rm -r reg/docker/registry/v2/blobs/sha256/2a
regadm inspect --cat /bin/hello tools/hello:1.0; echo "exit $?"
regadm inspect --cat /etc/os-release tools/hello:1.0 | wc -c
