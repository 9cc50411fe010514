sample reg; export REGADM_ROOT=reg
SOURCE_DATE_EPOCH=yesterday regadm report -o page.html
ls page.html 2>&1
