# not on s3: a bucket that holds no registry is told in other words
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run gc
mkdir -p reg/docker/registry/lockfiles
: > reg/docker/registry/lockfiles/database-in-use
run gc -y
run gc -n -q
rm -r reg/docker/registry/lockfiles
mkdir other
run gc -y --root other
run gc -y --root none
run ls -q
