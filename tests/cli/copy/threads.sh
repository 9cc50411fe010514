# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
unset REGADM_ROOT
# Verbs that work long have the options of those that open a storage.
run copy -j 1 --no-progress reg new
run --root new export --all -q -o backup.tar
run archive -q --verify -j 2 --no-progress backup.tar
