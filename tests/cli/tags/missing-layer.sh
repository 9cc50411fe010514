# not on s3: to look at each layer would take a request each
sample reg; export REGADM_ROOT=reg
rm -r reg/docker/registry/v2/blobs/sha256/2a
regadm tags tools/hello
