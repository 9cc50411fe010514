# not on s3: a bucket has no links
# By a link within the tree one thing has two names: nothing is removed through it, nor from under it.
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
R=reg/docker/registry/v2/repositories
H=$R/tools/hello/_manifests
tags() {
    regadm tags -q tools/hello tools/hello-oci | xargs
}
ln -s tools/hello $R/alias
run rm -r -y alias
run rm -y tools/hello:0.9
run gc -y -m --min-age 0s | grep -v history
ls $R/alias/_manifests/tags
rm $R/alias
echo "--- a tag"
ln -s 0.9 "$H/tags/old"
run rm -y tools/hello:0.9
run rm -y tools/hello:old
rm "$H/tags/old"
echo "--- a link of a tag"
mkdir -p "$H/tags/old/current" && ln -s ../../0.9/current/link "$H/tags/old/current/link"
run rm -y tools/hello:0.9
rm -r "$H/tags/old"
echo "--- another repository's part"
mv $R/tools/hello-oci/_layers kept
ln -s ../hello/_layers $R/tools/hello-oci/_layers
cp -n -r kept/sha256 $R/tools/hello/_layers
run gc -y -m --min-age 0s | grep layer
run rm -y -r tools/hello
run rm -y -r 'tools/hello-*'
run rm -y web/site:stable
