# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# Who asks for a dry run, or for JSON, before a verb that has none must not get something else.
step() { echo "$ regadm $*"; regadm "$@" 2>&1 || echo "exit $?"; }
step -n htpasswd -cb users alice secret
step --dry-run export --all -o all.tar
step -n report -o page.html
step --json version
ls users all.tar page.html 2>/dev/null
step -q -y --no-progress version
