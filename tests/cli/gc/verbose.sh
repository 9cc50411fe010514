# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run gc -n -v -m
run gc -n -v -m -q
