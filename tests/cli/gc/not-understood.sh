# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
printf '{' > reg/docker/registry/v2/blobs/sha256/8e/*/data
run gc -y -m
(cd $R/tools/hello/_manifests/revisions/sha256 && printf "%.8s\n" *)
run gc -q -y
