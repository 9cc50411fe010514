exec 2>&1
sample reg; export REGADM_ROOT=reg
regadm export web/site:stable -f docker -o one.tar; echo "exit $?"
regadm export web/site:stable -f docker --platform linux/arm64 -o two.tar; echo "exit $?"
