# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
I=sha256:123617324e37151e92f92a6d7b5281bf8d000c158cf2c4c99df5db96c9d661a4
run rm -n web/site@$I
run rm -n --keep-referrers web/site@$I
run rm -n --keep-referrers --force web/site@$I
run rm -y web/site@$I
ls $R/web/site/_manifests/revisions/sha256
find $R/web/site/_manifests -path '*/tags/*' | wc -l
