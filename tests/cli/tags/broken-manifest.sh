sample reg; export REGADM_ROOT=reg
printf '{' > reg/docker/registry/v2/blobs/sha256/8e/*/data
regadm tags tools/hello
