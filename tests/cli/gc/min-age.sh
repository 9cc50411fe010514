# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
find reg -name link -exec touch {} +
find reg -name data -exec touch {} +
find reg -name startedat -exec touch {} +
run gc -y -m
run gc -y -m --min-age 0
run gc -n --min-age soon
run gc -n --min-age=-1h
