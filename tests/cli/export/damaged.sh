sample reg; export REGADM_ROOT=reg
printf x | dd of="$(echo reg/docker/registry/v2/blobs/sha256/34/34c9*/data)" bs=1 seek=100 conv=notrunc status=none
echo changed:; regadm export --all -o x.tar; echo "exit $?"
echo "left out:"; regadm export --all --skip-damaged -o some.tar; echo "exit $?"
regadm archive -q --verify some.tar
echo "into a pipe:"; regadm export --all --skip-damaged 2>/dev/null | regadm archive -q --verify -
echo "not looked at:"; regadm export tools/hello:1.0 --no-verify --no-timestamp -o unsure.tar; echo "exit $?"
echo "but seen later:"; regadm archive --verify unsure.tar; echo "exit $?"
rm -r reg/docker/registry/v2/blobs/sha256/34/34c9*
echo missing:; regadm export tools/hello:1.0 -o x.tar; echo "exit $?"
ls
