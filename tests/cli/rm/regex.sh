# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run rm -n --regex '^[0-9]+\.[0-9]+$' tools/hello
run rm -n --regex '^v' '**'
run rm -n --regex 9 'tools/hello:*'
run rm -n --regex no-such-tag tools/hello
run rm -n --regex '(' tools/hello 2>&1 | sed 's/\(no regular expression\): .*/\1: WHY/' # in words of the C library
run rm -n --regex '' tools/hello
run rm -n --regex 1 -r tools/hello
run rm -y --regex '^1' tools/hello
run tags -q tools/hello
