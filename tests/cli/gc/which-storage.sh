# not on s3: the configurations name folders
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
unset REGADM_ROOT
for name in one two; do
    printf 'version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s\n' "$PWD/reg" > $name.yml
done
run gc -n -q --root reg nope.yml
run gc -n -q --config one.yml two.yml
run --config one.yml gc -n -q two.yml
run gc -n -q --config one.yml one.yml
