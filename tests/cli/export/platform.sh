sample reg; export REGADM_ROOT=reg
echo "one platform:"; regadm export --platform linux/arm64 web/site -o arm.tar; echo "exit $?"
regadm import --root into arm.tar; echo "exit $?"
regadm import --root into --allow-missing arm.tar 2>/dev/null; echo "exit $?"
echo "none:"; regadm export --platform linux/s390x web/site -o no.tar; echo "exit $?"
echo "beside others:"; regadm export --platform linux/s390x --all -o some.tar; echo "exit $?"
echo "no platform:"; regadm export --platform amd64 web/site -o no.tar 2>&1 | head -n1
ls
