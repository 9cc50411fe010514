# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
I=sha256:123617324e37151e92f92a6d7b5281bf8d000c158cf2c4c99df5db96c9d661a4
C=$(regadm inspect --json web/site:stable | python3 -c 'import json, sys; print(json.load(sys.stdin)["manifests"][0]["digest"])')
run rm -y "web/site@$C"
run rm -y --keep-referrers web/site@$I
run tags -q web/site
run rm -y --force "web/site@$C"
run tags web/site
# With the index gone the other child is free.
run rm -y web/site:stable
run rm -y web/site@$I
run rm -y --untagged web/site
find reg -path "$R/web/site/_manifests/revisions/*" | wc -l
