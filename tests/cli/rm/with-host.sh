# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run rm -y registry.example:5000/tools/hello:1.0
run tags -q tools/hello
