# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run tags '*/*'
run tags -q '**'
run tags -q 'tools/*:v*'
run tags -q 'web/*:stable' --filter 's*'
run tags -q 'team/*' tools/hello-oci
run tags 'team/*:v*'
regadm tags --json 'web/*' | jq -c '.repositories[] | [.name, .tags[].tag]'
