# not on s3: a bucket has no folders that could be missing
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# A disk that is not mounted must not look like an empty registry.
mv $R elsewhere
run ls
run fsck --quick
run export --all -o backup.tar
ls backup.tar
mv elsewhere $R
mv reg/docker/registry/v2/blobs elsewhere
run gc -y
mv elsewhere reg/docker/registry/v2/blobs
run fsck --quick
