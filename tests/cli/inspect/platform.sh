sample reg; export REGADM_ROOT=reg
regadm inspect --platform linux/arm64 web/site:stable
