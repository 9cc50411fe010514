#!/bin/bash
# A registry on its s3 driver, over Ceph's gateway: gc beside the registry's own, backups through pipes, copies between
# folders and buckets; what comes out of it all is pulled again.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need docker-registry skopeo umoci curl python3

"$TESTLIB/rgw.sh" start "$WORK/rgw" memstore $$ >/dev/null || exit
trap '"$TESTLIB/rgw.sh" stop "$WORK/rgw"; cleanup' EXIT
# shellcheck disable=SC1091
. "$WORK/rgw/env"

url() { echo "s3://registry/$1?endpoint=http://127.0.0.1:$RGW_PORT"; }
regadm() { "$REGADM" "$@"; }

# registry_start PREFIX, on the bucket.
registry_config() {
    cat <<YAML
version: 0.1
log: {level: error}
storage:
  s3: {accesskey: $AWS_ACCESS_KEY_ID, secretkey: $AWS_SECRET_ACCESS_KEY, region: us-east-1, bucket: registry, secure: false,
       v4auth: true, regionendpoint: "http://127.0.0.1:$RGW_PORT", rootdirectory: /$1}
  delete: {enabled: true}
http: {addr: 127.0.0.1:$PORT}
YAML
}

pull() {
    rm -rf "$WORK/pulled"
    skopeo copy --quiet --src-tls-verify=false "docker://$REG/$1" "dir:$WORK/pulled"
}

# The digests of all blobs below a prefix of the bucket.
blobs_in() {
    rm -rf "$WORK/look" && mkdir "$WORK/look"
    "$OUT/tests/lib/mkmirror" "$(url "$1")" "$WORK/look"
    (cd "$WORK/look" && find . -path '*/blobs/*' -name data | sort)
}

{
    for text in one two three; do
        image_make "$WORK/layout" "$text" "text of $text"
    done
} >"$WORK/make.log" 2>&1

registry_start first
check push-one push "$WORK/layout:one" team/app:one
check push-two push "$WORK/layout:two" team/app:moved
check push-three push "$WORK/layout:three" team/app:moved
check push-other push "$WORK/layout:two" gone/repo:v1
registry_stop
same "what the registry wrote is listed" "gone/repo team/app" "$(regadm --root "$(url first)" ls -q | xargs)"
check "it is sound" regadm --root "$(url first)" fsck
check "a config.yml does as well" regadm --config "$WORK/config.yml" ls -q team/app

# Twins, of which each collector gets one.
check "rm" regadm --root "$(url first)" rm -y -r gone/repo
mkdir "$WORK/twin"
check "out of the bucket" "$OUT/tests/lib/mkmirror" "$(url first)" "$WORK/twin"
check "and in again" "$OUT/tests/lib/mkmirror" "$WORK/twin" "$(url peer)"
registry_config peer >"$WORK/peer.yml"
check "the registry collects" env -u AWS_CA_BUNDLE docker-registry garbage-collect --delete-untagged "$WORK/peer.yml"
BEFORE=$(blobs_in first | wc -l)
check "gc" regadm --root "$(url first)" gc -y -m --min-age 0
same "it removed something" yes "$([ "$(blobs_in first | wc -l)" -lt "$BEFORE" ] && echo yes)"
same "both keep the same blobs" "$(blobs_in peer)" "$(blobs_in first)"

# Through pipes, and copied.
out_and_in() { regadm --root "$(url first)" export --all -o - -q | regadm --root "$1" import -y -q -; }
check "export to a pipe, import into a folder" out_and_in "$WORK/folder"
check "the folder is sound" regadm --root "$WORK/folder" fsck
same "and has the same tags" "$(regadm --root "$(url first)" tags -q team/app)" "$(regadm --root "$WORK/folder" tags -q team/app)"
check "import from a pipe into a bucket" out_and_in "$(url second)"
check "the bucket is sound" regadm --root "$(url second)" fsck
copied() { regadm copy --json "$1" "$2" | python3 -c 'import json, sys; print(json.load(sys.stdin)["blobs"]["written"])'; }
N=$(blobs_in first | wc -l)
same "copy a folder into a bucket" "$N" "$(copied "$WORK/folder" "$(url third)")"
same "a second copy has nothing to do" 0 "$(copied "$WORK/folder" "$(url third)")"
same "copy the bucket into a folder" "$N" "$(copied "$(url third)" "$WORK/back")"
same "nothing was lost on the way" "$(cd "$WORK/folder" && find . -type f | sort | xargs sha256sum)" \
    "$(cd "$WORK/back" && find . -type f | sort | xargs sha256sum)"

for prefix in first second third; do
    registry_start $prefix
    check "pull from $prefix" pull team/app:one
    check "pull what moved from $prefix" pull team/app:moved
    registry_stop
done
registry_start first
check "push again what was collected" push "$WORK/layout:two" gone/repo:v1
check "pull it" pull gone/repo:v1
registry_stop
finish
