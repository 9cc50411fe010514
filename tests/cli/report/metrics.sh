sample reg; export REGADM_ROOT=reg SOURCE_DATE_EPOCH=1780000000
regadm report --metrics regadm.prom 2>/dev/null
cat regadm.prom
