# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# A tag whose link is cut goes by its name like any other; that of another repository is none of its business.
: > $R/tools/hello/_manifests/tags/1.0/current/link
: > $R/web/site/_manifests/tags/stable/current/link
run rm -n tools/hello:1.0
run rm -y tools/hello:1.0
run tags -q tools/hello
