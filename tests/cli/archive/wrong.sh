sample reg; regadm --root reg export --all -q --no-timestamp -o backup.tar >/dev/null
try() { echo "$*:"; regadm archive "$@"; echo "exit $?"; }
head -c 60000 backup.tar >cut.tar
try -q cut.tar
try -q - <cut.tar
try --verify - <cut.tar
cp backup.tar changed.tar; printf x | dd of=changed.tar bs=1 seek=60000 conv=notrunc status=none
try -q changed.tar
try --verify changed.tar
try nowhere.tar
try /
echo text | try -
head -c 10240 /dev/zero >nothing.tar; try nothing.tar
head -c 3000000 /dev/zero >zeros.tar; try zeros.tar
try /dev/zero
try - </dev/zero
