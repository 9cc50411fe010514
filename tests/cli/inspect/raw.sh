sample reg; export REGADM_ROOT=reg
regadm inspect --raw tools/hello:1.0 | sha256sum
regadm inspect --config tools/hello:1.0 | sha256sum
regadm inspect --config --platform linux/amd64 web/site:stable | sha256sum
