sample reg; export REGADM_ROOT=reg
D=$(cd reg/docker/registry/v2/blobs/sha256/2a && ls) || exit
regadm find "${D:0:8}"
regadm find "sha256:${D:0:7}"
regadm find -q "${D:0:8}"
regadm find --json "${D:0:8}"
regadm find 00000000
