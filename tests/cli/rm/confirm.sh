# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run rm tools/hello:1.0
run rm -n tools/hello:1.0
answer n regadm rm tools/hello:1.0
run tags -q tools/hello
answer y regadm rm tools/hello:1.0
run tags -q tools/hello
