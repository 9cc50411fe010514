# not on s3: files that are too large and links are what this is about
sample reg; unset REGADM_ROOT
# As large a file as the largest blob is not allowed here: so a disk ends that is full.
echo "no room:"; (ulimit -f 2; regadm copy -j 1 -q reg full); echo "exit $?"
echo "blobs elsewhere:"; mv reg/docker/registry/v2/blobs elsewhere && ln -s ../../../../elsewhere reg/docker/registry/v2/blobs
regadm copy -q reg one; echo "exit $?"
regadm copy -q --follow-symlinks reg two; echo "exit $?"
regadm --root two fsck -q; echo "sound: $?"
