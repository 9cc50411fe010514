# A tag whose link was lost means something of its history, or anything: nobody knows what is untagged beside it.
exec 2>&1
sample reg; export REGADM_ROOT=reg
: >reg/docker/registry/v2/repositories/tools/hello/_manifests/tags/latest/current/link
find reg -exec touch -d '3 days ago' {} +
regadm rm -y --untagged tools/hello; echo "exit $?"
regadm rm -q -y --untagged '**'; echo "exit $?"
find reg/docker/registry/v2/repositories/tools/hello/_manifests/revisions/sha256 -mindepth 1 -maxdepth 1 | wc -l
