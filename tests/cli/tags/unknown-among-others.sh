sample reg; export REGADM_ROOT=reg
regadm tags -q nope tools/hello-oci
