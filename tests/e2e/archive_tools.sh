#!/bin/bash
# Archives between regadm and the tools people use: skopeo, podman, umoci and a registry that serves what came in.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need docker-registry skopeo umoci curl python3

ROOT=$WORK/root
INTO=$WORK/into

regadm() {
    "$REGADM" --root "$ROOT" "$@"
}

into() {
    "$REGADM" --root "$INTO" "$@"
}

# What a tag is worth: its manifest's digest.
digest() {
    "$REGADM" --root "$1" inspect --json "$2" | python3 -c 'import json, sys; print(json.load(sys.stdin)["digest"])'
}

# Config and unpacked layers of an image anywhere skopeo reads: what stays the same when compression does not.
content() {
    local dir
    dir=$(mktemp -d -p "$WORK")
    skopeo copy --quiet --src-tls-verify=false "$1" "dir:$dir" 2>>"$WORK/skopeo.log" || return
    python3 - "$dir" <<'PY'
import hashlib, gzip, json, sys
m = json.load(open(sys.argv[1] + "/manifest.json"))
blob = lambda d: open(f"{sys.argv[1]}/{d['digest'].split(':')[1]}", "rb").read()
plain = lambda b: gzip.decompress(b) if b[:2] == b"\x1f\x8b" else b
print(m["config"]["digest"], *(hashlib.sha256(plain(blob(l))).hexdigest() for l in m["layers"]))
PY
}

links() {
    (cd "$1/docker/registry/v2" && find . -path ./.regadm -prune -o -type f -print0 | sort -z | xargs -0 sha256sum)
}

{
    image_make "$WORK/one" v1 first
    image_make "$WORK/one" v2 second
} >"$WORK/make.log" 2>&1
registry_start "$ROOT"
check "push an OCI image" push "$WORK/one:v1" team/app:v1 --format oci
check "push a Docker image" push "$WORK/one:v2" team/app:v2 --format v2s2
check "push into another repository" push "$WORK/one:v1" other:v1 --format oci
registry_stop

# --- out of a registry, into the tools
check "export an OCI image" regadm export team/app:v1 -o "$WORK/v1.tar"
check "export a Docker image" regadm export team/app:v2 -o "$WORK/v2.tar"
check "export a docker-archive" regadm export --format docker team/app:v2 -o "$WORK/docker.tar"
check "export a docker-archive with plain layers" regadm export --format docker --plain-layers team/app:v1 -o "$WORK/plain.tar"
check "GNU tar reads it" tar tf "$WORK/v1.tar"
want1=$(content "oci:$WORK/one:v1")
want2=$(regadm inspect --json team/app:v2 | python3 -c 'import json, sys; print(json.load(sys.stdin)["digest"])')
same "skopeo reads it as an OCI archive" "$want1" "$(content "oci-archive:$WORK/v1.tar:team/app:v1")"
same "skopeo reads it as a docker-archive" "${want1#* }" "$(content "docker-archive:$WORK/v1.tar:team/app:v1" | cut -d' ' -f2-)"
check "skopeo reads Docker's types as a docker-archive" skopeo inspect "docker-archive:$WORK/v2.tar:team/app:v2"
check "skopeo reads the pure docker-archive" skopeo inspect "docker-archive:$WORK/docker.tar:team/app:v2"
check "skopeo reads plain layers" skopeo inspect "docker-archive:$WORK/plain.tar:team/app:v1"
same "plain layers are the same content" "${want1#* }" "$(content "docker-archive:$WORK/plain.tar:team/app:v1" | cut -d' ' -f2-)"
mkdir "$WORK/layout" && tar xf "$WORK/v1.tar" -C "$WORK/layout"
same "umoci lists it" team/app:v1 "$(umoci ls --layout "$WORK/layout")"
check "umoci unpacks it" umoci unpack --rootless --image "$WORK/layout:team/app:v1" "$WORK/bundle"
same "and finds the file" first "$(cat "$WORK/bundle/rootfs/text" 2>&1)"
if command -v podman >/dev/null; then
    pod() { podman --root "$WORK/pod" --runroot "$WORK/podrun" --storage-driver vfs "$@"; }
    check "export of a repository" regadm export team/app -o "$WORK/app.tar"
    check "podman loads two images" pod load -i "$WORK/app.tar"
    same "under their names" "localhost/team/app:v1 localhost/team/app:v2" \
        "$(pod images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null | sort | tr '\n' ' ' | sed 's/ $//')"
    check "podman saves a docker-archive" pod save -q -o "$WORK/pod.tar" localhost/team/app:v1
    check "podman saves an OCI archive" pod save -q --format oci-archive -o "$WORK/podoci.tar" localhost/team/app:v1
    check "import of podman's docker-archive" into import --yes "$WORK/pod.tar" --as pod/docker:v1
    check "import of podman's OCI archive" into import --yes "$WORK/podoci.tar" --as pod/oci:v1
    pod rmi -af >/dev/null 2>&1
    podman unshare rm -rf "$WORK/pod" 2>/dev/null
else
    echo "skip podman: not installed"
fi

# --- back in, served, pulled
check "skopeo writes a docker-archive" skopeo copy -q "oci:$WORK/one:v2" "docker-archive:$WORK/skopeo.tar:some.host/x/y:2"
check "skopeo writes an OCI archive" skopeo copy -q "oci:$WORK/one:v1" "oci-archive:$WORK/skopeooci.tar:x/z:1"
check "import of both" into import --yes "$WORK/skopeo.tar"
check "import of the OCI archive" into import --yes "$WORK/skopeooci.tar"
check "import of an OCI layout folder" into import --yes "$WORK/one" --as layout/one
check "import of our own" into import --yes "$WORK/v1.tar"
same "our own keeps its digest" "$(digest "$ROOT" team/app:v1)" "$(digest "$INTO" team/app:v1)"
same "a Docker image keeps its digest" "$want2" "$(into import --yes -q "$WORK/v2.tar" >"$WORK/names" && digest "$INTO" team/app:v2)"
registry_start "$INTO"
same "the registry serves what skopeo wrote" "$(content "docker-archive:$WORK/skopeo.tar:some.host/x/y:2" | cut -d' ' -f2-)" \
    "$(content "docker://$REG/x/y:2" | cut -d' ' -f2-)"
same "and the OCI archive" "$want1" "$(content "docker://$REG/x/z:1")"
same "and the layout" "$want1" "$(content "docker://$REG/layout/one:v1")"
same "and our own" "$want1" "$(content "docker://$REG/team/app:v1")"
if command -v podman >/dev/null; then
    same "and podman's" "$(content "docker://$REG/pod/oci:v1" | cut -d' ' -f2-)" "$(content "docker://$REG/pod/docker:v1" | cut -d' ' -f2-)"
fi
registry_stop

# --- a whole registry, elsewhere
check "export of all" regadm export --all --no-timestamp -o "$WORK/all.tar"
same "the same again gives the same bytes" "$(sha256sum <"$WORK/all.tar")" "$(regadm export --all --no-timestamp 2>/dev/null | sha256sum)"
check "through a pipe into an empty folder" bash -c "'$REGADM' --root '$ROOT' export --all | '$REGADM' --root '$WORK/restored' import --yes"
rm -rf "$ROOT/docker/registry/v2/repositories/"*/*/_uploads "$ROOT/docker/registry/v2/repositories/"*/_uploads
same "every file is the same" "$(links "$ROOT")" "$(links "$WORK/restored")"
finish
