# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run rm --untagged -n tools/hello
run rm --untagged -n web/site
touch $R/tools/hello/_manifests/revisions/sha256/*/link
run rm --untagged -y tools/hello
run rm --untagged --min-age 0 -y '**'
run rm --untagged --min-age 0 -y tools/hello
(cd $R/tools/hello/_manifests/revisions/sha256 && printf "%.8s\n" *)
run rm --untagged -y tools/hello:1.0
run rm --untagged -y tools/none
run rm --untagged -r -y tools/hello
