sample reg; export REGADM_ROOT=reg
rm -r reg/docker/registry/v2/blobs/sha256/2a
regadm fsck --json 2>/dev/null
