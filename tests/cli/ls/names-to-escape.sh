# not on s3: it is about a folder without a file in it
sample reg; export REGADM_ROOT=reg
mkdir -p "reg/docker/registry/v2/repositories/$(printf 'bad\033[31mname')/_manifests"
regadm ls -q
