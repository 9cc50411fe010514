# not on s3: without a key there is no storage
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
rm -r reg; mkdir -p $R
run gc -n
run gc -y
mkdir reg/docker/registry/v2/blobs
run gc -y -m --prune-repositories
rmdir $R
run gc -y
