# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run tags --regex '(' tools/hello 2>&1 | sed 's/\(no regular expression\): .*/\1: WHY/' # in words of the C library
