sample reg; export REGADM_ROOT=reg
regadm inspect --cat /etc/os-release tools/hello | head -n 2
regadm inspect --cat etc/../bin//hello tools/hello | head -n 1
regadm inspect --cat www/index.html --platform linux/arm64 web/site:stable | head -n 1
