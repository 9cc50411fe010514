# how many bytes are shared depends on the file system
sample --v1 old
regadm --root new migrate-v1 --json old >out; echo $?
sed -E 's/("(shared|written)"): [0-9]+/\1: .../' out
