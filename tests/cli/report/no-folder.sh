sample reg; export REGADM_ROOT=reg
regadm report --no-check -o missing/page.html
