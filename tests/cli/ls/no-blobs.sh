# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# Links without a single blob: its disk is not there, say. A size of nothing is not the whole answer.
rm -r reg/docker/registry/v2/blobs
run ls
run tags -q web/site
run find --os linux
