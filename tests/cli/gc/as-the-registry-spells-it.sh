# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
mkdir -p etc
unset REGADM_ROOT
printf 'version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s\n' "$PWD/reg" > etc/config.yml
run garbage-collect -d -m etc/config.yml
run garbage-collect --dry-run --delete-untagged etc/config.yml -q
run garbage-collect -m -q etc/config.yml -y
run garbage-collect -d -m etc/config.yml | grep blobs
run garbage-collect etc/none.yml
run garbage-collect etc/config.yml more
