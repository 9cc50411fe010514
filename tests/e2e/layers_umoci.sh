#!/bin/bash
# Files in layers: inspect --files, --cat and find --file against what umoci unpacks; and layers of every compression.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need umoci python3 tar zstd xz bzip2

ROOT=$WORK/root
regadm() {
    "$REGADM" --root "$ROOT" "$@"
}

insert() {
    local tag=$1
    shift
    umoci insert --rootless --image "$WORK/layout:$tag" "$@" >>"$WORK/make.log" 2>&1
}

# A base, and three images on top of it: changed files, whiteouts, opaque folders, links.
make_images() {
    local base=$WORK/base tag
    mkdir -p "$base/usr/lib/jvm/lib" "$base/etc/ssl" "$base/var/cache"
    echo "os" >"$base/usr/lib/os-release"
    ln -s ../usr/lib/os-release "$base/etc/os-release"
    ln -s usr/lib "$base/lib"
    echo jar >"$base/usr/lib/jvm/lib/log4j-core-2.14.jar"
    ln "$base/usr/lib/jvm/lib/log4j-core-2.14.jar" "$base/usr/lib/hard.jar"
    for i in 1 2 3; do echo "cert $i" >"$base/etc/ssl/$i.pem"; done
    head -c 300000 /dev/urandom >"$base/var/cache/blob"
    printf 'odd\n' >"$base/etc/with blank and ümlaut"
    umoci init --layout "$WORK/layout" >>"$WORK/make.log" 2>&1
    umoci new --image "$WORK/layout:base" >>"$WORK/make.log" 2>&1
    insert base "$base" /
    for tag in plain removed opaque; do
        umoci tag --image "$WORK/layout:base" "$tag" >>"$WORK/make.log" 2>&1
    done
    mkdir "$WORK/new" && echo "only this" >"$WORK/new/fresh.pem"
    insert removed --whiteout /usr/lib/jvm/lib/log4j-core-2.14.jar
    insert removed --whiteout /var/cache
    insert opaque --opaque "$WORK/new" /etc/ssl
    insert plain "$WORK/new/fresh.pem" /usr/lib/os-release
}

# "PATH" of every file below a folder, as --files -q has it.
names_in() {
    (cd "$1" && find . -mindepth 1 | sed 's/^\.//' | LC_ALL=C sort)
}

make_images
check "import the images" regadm import --yes --prefix t --as app "$WORK/layout"
for tag in base plain removed opaque; do
    umoci unpack --rootless --image "$WORK/layout:$tag" "$WORK/bundle-$tag" >>"$WORK/make.log" 2>&1 ||
        echo "FAIL umoci unpack $tag: $(tail -n 1 "$WORK/make.log")"
    tree=$WORK/bundle-$tag/rootfs
    ref=$(regadm ls -q | head -n 1):$tag
    same "files of $tag" "$(names_in "$tree")" "$(regadm inspect --files -q "$ref" | LC_ALL=C sort)"
    wrong=
    while read -r name; do
        [ ! -f "$tree$name" ] || [ -L "$tree$name" ] || regadm inspect --cat "$name" "$ref" | cmp -s - "$tree$name" || wrong+=" $name"
    done < <(names_in "$tree")
    same "bytes of all files of $tag" "" "$wrong"
    for link in etc/os-release lib/os-release; do
        check "$link of $tag through its link" cmp "$tree/usr/lib/os-release" <(regadm inspect --cat "$link" "$ref")
    done
done

# Each image's tag, when its unpacked tree has such a file.
brute() {
    local tag
    for tag in base opaque plain removed; do
        (cd "$WORK/bundle-$tag/rootfs" && find . "$@" ! -type d | grep -q .) && echo "$tag"
    done
}
searched() {
    regadm find -q --file "$1" | sed 's/.*://'
}
same "find a name in any folder" "$(brute -name 'log4j-core-*')" "$(searched 'log4j-core-*')"
same "find in one folder" "$(brute -path './etc/ssl/?.pem')" "$(searched '/etc/ssl/?.pem')"
same "find below a folder" "$(brute -path './var/*')" "$(searched '/var/**')"
same "find a fresh one" "$(brute -name fresh.pem)" "$(searched fresh.pem)"
same "find nothing" "$(brute -name nothing)" "$(searched nothing)"

# One tar, compressed in every way, as layers of five images.
python3 - "$WORK" <<'PY'
import hashlib, json, os, subprocess, sys
work = sys.argv[1]
layout = f"{work}/packed"
os.makedirs(f"{layout}/blobs/sha256")
tar = subprocess.run(["tar", "--format=pax", "-C", f"{work}/base", "-c", "."], capture_output=True, check=True).stdout
def put(data, media_type, **more):
    digest = hashlib.sha256(data).hexdigest()
    open(f"{layout}/blobs/sha256/{digest}", "wb").write(data)
    return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data), **more}
manifests = []
for name in ("plain", "gzip", "zstd", "xz", "bzip2"):
    data = tar if name == "plain" else subprocess.run([name, "-c"], input=tar, capture_output=True, check=True).stdout
    config = put(json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids":
                 ["sha256:" + hashlib.sha256(tar).hexdigest()]}, "comment": name}).encode(), "application/vnd.oci.image.config.v1+json")
    layer = put(data, "application/vnd.oci.image.layer.v1.tar" + {"plain": "", "gzip": "+gzip", "zstd": "+zstd"}.get(name, "+" + name))
    body = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [layer]}
    manifests.append(put(json.dumps(body).encode(), body["mediaType"], annotations={"org.opencontainers.image.ref.name": name}))
json.dump({"schemaVersion": 2, "manifests": manifests}, open(f"{layout}/index.json", "w"))
json.dump({"imageLayoutVersion": "1.0.0"}, open(f"{layout}/oci-layout", "w"))
PY
check "import layers of every compression" regadm import --yes --as packed "$WORK/packed"
for name in plain gzip zstd xz bzip2; do
    same "files of a layer in $name" "$(names_in "$WORK/base")" "$(regadm inspect --files -q "packed:$name" | LC_ALL=C sort)"
    check "bytes of a layer in $name" cmp "$WORK/base/var/cache/blob" <(regadm inspect --cat /var/cache/blob "packed:$name")
done
finish
