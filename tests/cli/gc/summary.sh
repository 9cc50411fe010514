# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run gc -n
run gc -y
run gc -y
find reg -path '*_uploads*' -type f
