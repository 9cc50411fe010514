sample reg; export REGADM_ROOT=reg
regadm report --no-check -o page.html
grep -c 'It was not checked' page.html
