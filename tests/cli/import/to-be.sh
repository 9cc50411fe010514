# What was not done is not said to be done.
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
regadm export --all -o all.tar 2>/dev/null
run --root new import -n all.tar
regadm rm -y -q tools/hello:0.9 >/dev/null
regadm --root new import -q all.tar >/dev/null
regadm --root new rm -y -q tools/hello:1.0 >/dev/null
regadm export --all -o less.tar 2>/dev/null
run --root new import --mirror less.tar
run --root new import --mirror -n less.tar
