sample reg; export REGADM_ROOT=reg
B=reg/docker/registry/v2/blobs/sha256
D=2af797f715200236b7cf86e00a0762f9c2640fce8491b3baadb41dec9b751862
regadm export --all -o backup.tar >log 2>&1 || cat log
mkdir layout && tar xf backup.tar -C layout
rm -r $B/2a
# The archive's copy is damaged too.
printf X | dd of=layout/blobs/sha256/$D bs=1 seek=100 conv=notrunc 2>log
regadm fsck --repair --yes --from layout; echo "exit $?"
rm layout/blobs/sha256/$D
regadm fsck --repair --yes --from layout; echo "exit $?"
echo text >text
regadm fsck --repair --yes --from text; echo "exit $?"
tar cf other.tar text
regadm fsck --repair --yes --from other.tar; echo "exit $?"
regadm fsck --repair --yes --from nothing; echo "exit $?"
