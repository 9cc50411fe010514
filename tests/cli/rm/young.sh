# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# What rm says that gc can free, and what gc then frees: more than it would have anyway, and not before its time.
free() { regadm gc -n -q --json "$@" | jq .blobs.removed_bytes; }
before=$(free -m)
run rm -n tools/hello-oci:v1 tools/hello:0.9
find $R/tools/hello/_manifests/revisions -name link -exec touch {} +
run rm -n tools/hello:0.9
run rm -n tools/hello-oci:v1
run rm -y tools/hello:0.9
echo "$(($(free -m --min-age 0) - before)) bytes more when all is old enough"
find $R -name link -exec touch -d '2 hours ago' {} +
find reg -path '*/blobs/*' -name data -exec touch {} +
D=$(regadm inspect -q tools/hello-oci:v1)
run rm -n "tools/hello-oci@$D"
