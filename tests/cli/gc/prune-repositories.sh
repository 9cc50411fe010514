# not on s3: without a key there is no repository
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
cp -a $R/tools/hello-oci $R/tools/hello/nested
run rm -q -y 'tools/hello:*' tools/hello-oci:v1
touch -d '2 days ago' $R/tools/hello
mkdir -p $R/young/_manifests
run gc -y -m -q
ls $R/tools $R/tools/hello
run ls
run gc -n -m --prune-repositories
run gc -y -m --prune-repositories
run ls
(cd $R && find . -type d | grep -v /_ | sort)
