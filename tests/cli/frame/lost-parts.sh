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
run ls
run tags web/site
run du
run rm -n web/site:stable
run fsck --quick 2>&1 | grep -A1 "\[no-blobs"
mkdir -p reg/docker/registry/v2/blobs/sha256 # where it is mounted elsewhere, say
run ls --json web/site
rm -r reg/docker/registry/v2/blobs
mv elsewhere reg/docker/registry/v2/blobs
run fsck --quick
