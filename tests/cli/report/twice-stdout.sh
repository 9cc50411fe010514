# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run report -o - --metrics -
run report --json --metrics -
run report -o x --metrics x
