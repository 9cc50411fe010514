# not on s3: a folder is taken from its tree
# A platform that lost its revision link counts as deleted. Something of it goes: that is told, once, whatever the number
# of tags; and repairing first keeps it.
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
arm=04805096
cp -a $R/web/site/_manifests/tags/stable $R/web/site/_manifests/tags/also
rm -r $R/web/site/_manifests/revisions/sha256/$arm*
cp -a reg lost
run gc -n
run gc -n -m --json | grep -A 8 '"severity"'
run fsck --quick
echo "repaired first:"
run fsck --quick --repair -y
run gc -n
export REGADM_ROOT=lost
echo "collected first:"
run gc -y
run gc -n
run fsck
echo "no link to what is not whole:"
run fsck --repair -y
export REGADM_ROOT=lost; regadm export -q --all --no-timestamp -o all.tar; echo "export: $?"
