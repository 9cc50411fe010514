# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
T=$R/tools/hello/_manifests/tags
touch -d '2000-01-01' $T/1.0/current/link
touch -d '40 days ago' $T/0.9/current/link
touch $T/latest/current/link
run rm -n 'tools/hello:*' --older-than 30d --by updated
run rm -n 'tools/hello:*' --older-than 1000w --by updated
run rm -n 'tools/hello:*' --older-than 1d --by created
run rm -n 'tools/hello' --older-than 1d --by created
run rm -n 'tools/hello:*' --older-than 3000w --by created
# An unknown age means keep: this one's config is gone.
rm -r reg/docker/registry/v2/blobs/sha256/12
run rm -n 'tools/hello:*' --older-than 1d --by created
