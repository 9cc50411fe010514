# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# What cannot be read may need any of them.
printf '{' > reg/docker/registry/v2/blobs/sha256/8e/*/data
run rm --untagged -y tools/hello
touch -d '2 days ago' $R/tools/hello-oci/_manifests/revisions/sha256/*/link
rm -r $R/tools/hello-oci/_manifests/tags/v1
run rm --untagged -y 'tools/*'
run rm -y tools/hello@sha256:205e5821e1653a1202c1764cd456d38a1708d0dbd800ebee3d2c805586a51f5a
run rm -y --force tools/hello@sha256:205e5821e1653a1202c1764cd456d38a1708d0dbd800ebee3d2c805586a51f5a
(cd $R/tools/hello/_manifests/revisions/sha256 && printf "%.8s\n" *)
