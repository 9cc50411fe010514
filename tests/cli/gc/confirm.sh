# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
answer n regadm gc
answer y regadm gc
answer n regadm gc
