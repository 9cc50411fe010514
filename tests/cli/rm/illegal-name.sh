# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# A name that no registry serves is a warning where one looks for what is wrong, and no news to who removes it.
mkdir -p $R/Old/_manifests/tags/1/current
cp $R/web/site/_manifests/tags/stable/current/link $R/Old/_manifests/tags/1/current/link
regadm fsck --quick 2>&1 | grep -A1 '\[illegal'
run rm -n -r Old
run rm -q -y -r Old
regadm fsck --quick -q
