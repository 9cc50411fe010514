#!/bin/bash
# A cache as BuildKit pushes it, an index of layers and of its config: the registry takes it, gc keeps it, fsck finds
# nothing amiss, and a backup of it serves the same.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need docker-registry curl python3

ROOT=$WORK/root
INDEX=application/vnd.oci.image.index.v1+json
LIST=application/vnd.docker.distribution.manifest.list.v2+json

sha() {
    sha256sum "$1" | cut -c1-64
}

push_blob() {
    local where
    where=$(curl -sS -f -D - -o /dev/null -X POST "http://$REG/v2/$1/blobs/uploads/" | tr -d '\r' | awk 'tolower($1) == "location:" { print $2 }')
    curl -sS -f -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" "$where&digest=sha256:$(sha "$2")"
}

entry() {
    printf '{"mediaType":"%s","digest":"sha256:%s","size":%s}' "$1" "$(sha "$2")" "$(stat -c %s "$2")"
}

# cache NAME TYPE LAYERTYPE: one large layer, one small one and the config.
cache() {
    local blob
    for blob in large small records; do
        push_blob team/cache "$WORK/$blob" || return
    done
    printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s,%s,%s]}' "$2" "$(entry "$3" "$WORK/large")" \
        "$(entry "$3" "$WORK/small")" "$(entry application/vnd.buildkit.cacheconfig.v0 "$WORK/records")" >"$WORK/$1"
    curl -sS -f -X PUT -H "Content-Type: $2" --data-binary "@$WORK/$1" "http://$REG/v2/team/cache/manifests/$1"
}

# What the registry serves of all of it, byte for byte.
served() {
    local name blob
    for name in oci list; do
        curl -sS -f -o "$WORK/got" -H "Accept: $INDEX, $LIST" "http://$REG/v2/team/cache/manifests/$name" && cmp "$WORK/got" "$WORK/$name" || return
    done
    for blob in large small records; do
        curl -sS -f -o "$WORK/got" "http://$REG/v2/team/cache/blobs/sha256:$(sha "$WORK/$blob")" && cmp "$WORK/got" "$WORK/$blob" || return
    done
}

listing() {
    (cd "$1" && find docker/registry/v2 -path '*/_uploads*' -prune -o -type f -print | sort)
}

head -c 5242881 /dev/zero | tr '\0' x >"$WORK/large"
echo small >"$WORK/small"
echo '{"layers":[],"records":[]}' >"$WORK/records"

registry_start "$ROOT"
check push-oci cache oci "$INDEX" application/vnd.oci.image.layer.v1.tar+gzip
check push-list cache list "$LIST" application/vnd.docker.image.rootfs.diff.tar.gzip
check pull served
registry_stop

BEFORE=$(listing "$ROOT")
check fsck "$REGADM" --root "$ROOT" fsck --repair --yes
check gc "$REGADM" --root "$ROOT" gc --yes --min-age 0 -m
same all-is-kept "$BEFORE" "$(listing "$ROOT")"
check export "$REGADM" --root "$ROOT" export --all -o "$WORK/all.tar"
check import "$REGADM" --root "$WORK/back" import "$WORK/all.tar"
same all-is-back "$BEFORE" "$(listing "$WORK/back")"
check fsck-there "$REGADM" --root "$WORK/back" fsck
mkdir "$WORK/layout"
tar -xf "$WORK/all.tar" -C "$WORK/layout" --exclude 'regadm*'
check import-layout "$REGADM" --root "$WORK/third" import "$WORK/layout"
check fsck-layout "$REGADM" --root "$WORK/third" fsck

for each in "$ROOT" "$WORK/back" "$WORK/third"; do
    registry_start "$each"
    check "serves-${each##*/}" served
    registry_stop
done
finish
