# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run gc -n --json
run gc -y -m --json
