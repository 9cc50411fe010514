#!/bin/bash
# fsck and du on what a real registry wrote: sound as it is, and where fsck finds damage a pull is refused too.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need docker-registry skopeo umoci python3

ROOT=$WORK/root
B=$ROOT/docker/registry/v2/blobs/sha256
regadm() {
    "$REGADM" --root "$ROOT" "$@"
}
field() {
    python3 -c "import json, sys; j = json.load(sys.stdin); print($1)"
}
pull() {
    rm -rf "$WORK/pulled" && skopeo copy --quiet --src-tls-verify=false "docker://$REG/$1" "dir:$WORK/pulled"
}
refused() {
    ! pull "$1"
}
codes() {
    regadm fsck --json 2>>"$WORK/fsck.log" | field '" ".join(sorted({f["code"] for f in j["findings"] if f["severity"] != "note"}))'
}

{
    image_make "$WORK/one" v1 first
    image_make "$WORK/one" v2 second
} >"$WORK/make.log" 2>&1
registry_start "$ROOT"
check "push an OCI image" push "$WORK/one:v1" team/app:v1 --format oci
check "push a Docker image" push "$WORK/one:v2" team/app:v2 --format v2s2
check "push over a tag" push "$WORK/one:v2" team/app:v1 --format oci
check "push elsewhere" push "$WORK/one:v1" other/app:latest --format oci
check "what a registry wrote is sound" regadm fsck
check "and quickly" regadm fsck --quick
same "no findings at all" "[]" "$(regadm fsck --json | field 'j["findings"]')"

same "du is what the files are" "$(find "$B" -name data -printf '%s\n' | awk '{ s += $1 } END { print s }')" \
    "$(regadm du --json | field 'j["bytes"]')"
same "du --disk is what du says" "$(find "$B" -name data -print0 | du -B1 --files0-from=- | awk '{ s += $1 } END { print s }')" \
    "$(regadm du --disk --json | field 'j["bytes"]')"

layer=$(regadm inspect --json team/app:v1 | field 'j["layers"][-1]["digest"][7:]')
manifest=$(regadm inspect -q team/app:v1)
manifest=${manifest#sha256:}
cp -a "$ROOT" "$WORK/copy"

# damage WHAT CODES COMMAND...: done to the tree, found, and felt by whoever pulls; then mended from the copy.
damage() {
    local what=$1 want=$2
    shift 2
    check "pull before: $what" pull team/app:v1
    "$@"
    same "fsck on $what" "$want" "$(codes)"
    check "a pull of $what is refused" refused team/app:v1
    regadm fsck --repair --yes --from "$WORK/copy" >"$WORK/mend.log" 2>&1
    same "mending $what says what there was" 1 $?
    same "nothing is left of $what" "" "$(codes)"
    check "pull after: $what" pull team/app:v1
}
flip() {
    printf X | dd of="$1" bs=1 seek=40 conv=notrunc status=none
}
damage "a corrupt layer" corrupt-blob flip "$B/${layer:0:2}/$layer/data"
damage "a cut layer" corrupt-blob truncate -s 100 "$B/${layer:0:2}/$layer/data"
damage "a lost layer" missing-blob rm -r "$B/${layer:0:2}/$layer"
damage "a lost manifest" dangling-tag rm -r "$B/${manifest:0:2}/$manifest"
registry_stop

tool=$SHARED/tools/mkregistry.py
if [ -e "$tool" ]; then
    ROOT=$WORK/made
    python3 "$tool" --repos 12 --summary "$WORK/summary.json" "$ROOT" >"$WORK/make.log"
    summary() {
        field "j['$1']" <"$WORK/summary.json"
    }
    check "a made tree is sound" regadm fsck
    same "du agrees with the maker on bytes" "$(summary blob_bytes)" "$(regadm du --json | field 'j["bytes"]')"
    same "on blobs" "$(summary blobs)" "$(regadm du --json | field 'j["blobs"]')"
    same "on garbage" "$(summary garbage_bytes)" "$(regadm du --min-age 0 --json | field 'j["reclaimable_bytes"]')"
    same "on untagged garbage" "$(summary garbage_bytes_delete_untagged)" \
        "$(regadm du --min-age 0 --json | field 'j["reclaimable_bytes"] + j["untagged_bytes"]')"
else
    echo "skip a made tree: no $tool"
fi
finish
