mkdir -p reg/docker/registry/v2
regadm --root reg ls
