# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run inspect 'tools/hello:*'
run inspect 'tools/*'
