sample reg; export REGADM_ROOT=reg
regadm inspect --platform linux/s390x web/site:stable
