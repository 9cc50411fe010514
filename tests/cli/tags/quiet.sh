sample reg; export REGADM_ROOT=reg
regadm tags -q tools/hello
regadm tags -q tools/hello-oci web/site
