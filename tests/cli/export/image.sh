sample reg; export REGADM_ROOT=reg
regadm export --no-timestamp tools/hello:1.0 -o image.tar
tar xOf image.tar index.json; echo
tar xOf image.tar manifest.json; echo
regadm export --no-timestamp -q 'tools/**' -o images.tar
regadm export --no-timestamp web/site@sha256:123617324e37 -o index.tar
regadm archive -q images.tar
tar tf index.tar | wc -l
