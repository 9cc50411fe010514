# not on s3: a bucket has no links
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# A repository that cannot be read may need any blob: nobody can tell what is garbage, and gc leaves it all.
ln -s /etc $R/out
mkfifo $R/tools/pipe # in which nothing can be
run du 2> /dev/null | tail -3
run du --json 2> /dev/null | grep -e _bytes -e complete | head -5
run gc -n 2> /dev/null | grep -e blobs -e regadm
run fsck | grep orphan
run report --no-check --metrics - 2> /dev/null | grep -e reclaimable -e '^regadm_untagged'
run report --no-check -o r.html 2> /dev/null
rm $R/out
run gc -n 2>&1 | grep -e "^blobs" -e pipe -e warning
grep -o 'Reclaimable</dt>.*' r.html
