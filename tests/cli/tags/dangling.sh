sample reg; export REGADM_ROOT=reg
rm -r reg/docker/registry/v2/blobs/sha256/8e
regadm tags tools/hello
