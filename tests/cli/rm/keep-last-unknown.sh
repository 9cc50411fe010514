# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# Nobody knows when these were made or moved: they stay, and do not count among the last.
rm -r reg/docker/registry/v2/blobs/sha256/12
run rm -n 'tools/hello:*' --keep-last 0 --by created
run rm -n 'tools/hello:*' --keep-last 1 --by created
