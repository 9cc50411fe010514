# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# Blobs, and no folder of repositories: a mount is missing, say.
mv $R elsewhere
run gc -y -m 2>&1 | sed -e '/^.no-repositories/d' -e '/no-repositories/,+1d' # only folders can be missing: see frame/lost-parts
find reg/docker/registry/v2/blobs/sha256 -name data | wc -l
