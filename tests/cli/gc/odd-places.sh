# not on s3: a bucket has no links
# A tag and a manifest behind links that are not followed: the registry follows them, so nobody may take them for absent.
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
T=$R/tools/hello/_manifests
mkdir else
old=$(sed s/sha256:// "$T"/tags/0.9/current/link)
mv "$T/tags/0.9" else/tag && ln -s "$PWD/else/tag" "$T"/tags/0.9
run gc -y -m --min-age 0s 2>&1 | grep -v history
run tags tools/hello | cut -c1-60
run export --all -o all.tar
run copy reg copied 2>&1 | grep -v '^copied'
run rm -y --untagged tools/hello
rm "$T"/tags/0.9 && mv else/tag "$T"/tags/0.9
echo "--- a manifest"
mv "$T/revisions/sha256/$old" else/rev && ln -s /nowhere "$T/revisions/sha256/$old"
run gc -n --min-age 0s 2>&1 | grep -v history
echo "--- a file where tags belong"
rm "$T/revisions/sha256/$old" && mv else/rev "$T/revisions/sha256/$old"
mv "$T/tags" else/tags && touch "$T/tags"
run gc -n -m --min-age 0s 2>&1 | grep -v history
run fsck 2>&1 | grep odd-file
