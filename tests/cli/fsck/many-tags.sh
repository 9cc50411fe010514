sample reg; export REGADM_ROOT=reg
T=reg/docker/registry/v2/repositories/tools/hello/_manifests/tags
for i in 1 2 3 4 5 6 7 8; do cp -r $T/1.0 $T/1.0.$i; done
rm -r reg/docker/registry/v2/blobs/sha256/2a
regadm fsck
