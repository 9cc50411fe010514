# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# A lost manifest that many tags lead to is told for the first few of them, and with -v or --json for all.
for i in $(seq 100 129); do cp -r $R/web/site/_manifests/tags/stable $R/web/site/_manifests/tags/v"$i"; done
digest=$(sed 's/.*://' $R/web/site/_manifests/tags/stable/current/link)
rm reg/docker/registry/v2/blobs/sha256/*/"$digest"/data
run tags web/site > table
regadm tags -v web/site 2>&1 > /dev/null | grep -c '^error.*dangling-tag'
regadm tags --json web/site 2> /dev/null | grep -c '"code": "dangling-tag"'
