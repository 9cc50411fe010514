# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run tags tools/hello:nope
run tags 'tools/*:nope*'
run tags tools/hello --regex '^x'
run tags tools/hello:1.0 tools/hello-oci:nope
regadm tags --json tools/hello:nope | jq -c .repositories
run tags -q tools/hello:nope
rm -r $R/tools/hello-oci/_manifests/tags/v1
run tags tools/hello-oci
