# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run rm -n 'tools/hello:*'
run rm -n 'tools/*:v?'
run rm -n '**:*[0-9]*'
run rm -n 'tools/*:*' 'web/*:*' -q
run rm -n 'tools/hello:2.*'
run rm -n 'tool:*'
run rm -y 'tools/hello:[01].*'
run tags -q tools/hello
