# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
cp -a $R/tools/hello-oci $R/tools/hello/nested
run rm tools/hello -y
run rm -r -y tools/hello
run ls
(cd $R && find . -type d | grep -v /_ | sort)
run rm -r -y tools/hello/nested tools/hello-oci
(cd $R && find . -type d | grep -v /_ | sort)
run rm -r -y tools/hello
run rm -r -y web/site:stable
run rm -r -y '**' 2>&1 | grep -v '^regadm: ' # that is for another case to say
find reg -path "$R/*" | wc -l
run ls
