sample reg; export REGADM_ROOT=reg
regadm du 'tools/*'
regadm du --by layer tools/hello-oci | head -3
regadm du --by media-type tools/hello-oci | head -4
