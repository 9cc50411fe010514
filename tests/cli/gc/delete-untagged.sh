# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run gc -n -m
run gc -y --delete-untagged -q
run tags -q tools/hello
(cd $R/tools/hello/_manifests/revisions/sha256 && printf "%.8s\n" *)
(cd $R/web/site/_manifests/revisions/sha256 && printf "%.8s\n" *)
regadm fsck > /dev/null && echo sound
