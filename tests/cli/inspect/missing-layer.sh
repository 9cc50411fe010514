sample reg; export REGADM_ROOT=reg
rm -r reg/docker/registry/v2/blobs/sha256/2a
regadm inspect tools/hello:1.0
