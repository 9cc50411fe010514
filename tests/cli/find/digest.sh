sample reg; export REGADM_ROOT=reg
regadm find sha256:2a
regadm find "$(cd reg/docker/registry/v2/blobs/sha256/2a && ls)"
