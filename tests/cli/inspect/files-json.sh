sample reg; export REGADM_ROOT=reg
regadm inspect --files --json tools/hello-oci:v1
