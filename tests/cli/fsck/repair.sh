# not on s3: what makes a repository is gone with the last key of its layer links
sample reg; export REGADM_ROOT=reg
R=reg/docker/registry/v2
rm $R/repositories/tools/hello-oci/_layers/sha256/*/link
: > $R/repositories/tools/hello-oci/_manifests/tags/v1/current/link
printf 'x' >> $R/blobs/sha256/2a/*/data
echo plan:; regadm fsck --repair -n; echo "exit $?"
echo refused:; regadm fsck --repair; echo "exit $?"
echo mended:; regadm fsck --repair --yes; echo "exit $?"
echo again:; regadm fsck --repair --yes; echo "exit $?"
(cd $R/.regadm && find . -type f)
