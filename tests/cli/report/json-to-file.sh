# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
export SOURCE_DATE_EPOCH=1780000000
run report --no-check --json -o x.json --metrics x.prom
regadm report --no-check --json > y.json
cmp x.json y.json && jq -r .schema x.json && grep '^regadm_blobs ' x.prom
regadm report --no-check --json -o - | jq -r .schema
