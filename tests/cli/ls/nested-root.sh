sample reg; export REGADM_ROOT=reg
for root in reg reg/docker reg/docker/registry reg/docker/registry/v2; do regadm --root $root ls -q web; done
