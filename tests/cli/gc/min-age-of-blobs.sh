# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
find reg/docker/registry/v2/blobs -name data -exec touch -d '10 minutes ago' {} +
run gc -n --min-age 11m 2> /dev/null | grep -e gc -e blobs
run gc -n --min-age 9m 2> /dev/null | grep -e gc -e blobs
