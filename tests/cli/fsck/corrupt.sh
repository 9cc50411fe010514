sample reg; export REGADM_ROOT=reg
printf 'x' >> reg/docker/registry/v2/blobs/sha256/2a/*/data
regadm fsck
