# how many bytes are shared depends on the file system
sample --v1 old
regadm --root new migrate-v1 old 2>err; echo $?
sed '/^regadm: bytes:/d' err >&2
