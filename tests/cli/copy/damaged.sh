# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
unset REGADM_ROOT
B=reg/docker/registry/v2/blobs/sha256
# Of what is damaged the copy names the blob and the tags that it costs, and leaves nothing of them behind; an image
# that lacks a layer comes as it is.
for image in tools/hello:1.0 web/site:stable; do
    digest=$(regadm --root reg inspect --json $image | sed -n 's/^  "digest": "sha256:\(.*\)",/\1/p')
    blob=$(echo $B/??/"$digest"/data)
    if [ $image = web/site:stable ]; then rm "$blob"; else printf x >> "$blob"; fi
done
printf x >> "$(echo $B/2a/*/data)"
run copy -q -n reg new
run copy -q reg new
run --root new tags -q tools/hello
run --root new fsck --quick
