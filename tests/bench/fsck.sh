#!/bin/bash
# fsck against sha256sum and openssl, its quick look and du against gc -n, and find --file against gzip and tar: on
# BENCH_MIB (600) MiB of layers that compress by half, on BENCH_RAW_MIB (2048) MiB of layers of large blobs, and on the
# large tree.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
# shellcheck source=tests/lib/bench.sh
. "$TESTLIB/bench.sh"
need openssl python3 tar gzip sha256sum
CORES=$(nproc)
ROOT=$WORK/root

# Two OCI layouts of one image each: two dozen gzip layers of twenty files, and as many that are no tars at all.
layout() {
    python3 - "$@" <<'PY'
import gzip, hashlib, io, json, os, sys, tarfile
layout, layers, raw = sys.argv[1], 24, len(sys.argv) > 3
size = int(sys.argv[2]) * (1 << 20) // layers // 20
os.makedirs(f"{layout}/blobs/sha256")
def put(data, media_type, **more):
    digest = hashlib.sha256(data).hexdigest()
    open(f"{layout}/blobs/sha256/{digest}", "wb").write(data)
    return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data), **more}
ids, descriptors = [], []
for n in range(layers if raw else 0):
    descriptors.append(put(os.urandom(20 * size), "application/vnd.example.bytes"))
for n in range(0 if raw else layers):
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as t:
        for k in range(20):
            piece = b"".join(os.urandom(512) + b"some text again " * 32 for _ in range(size // 1024))
            i = tarfile.TarInfo(f"usr/lib/{n}/file-{k}.so"); i.size = len(piece); t.addfile(i, io.BytesIO(piece))
    ids.append("sha256:" + hashlib.sha256(inner.getvalue()).hexdigest())
    descriptors.append(put(gzip.compress(inner.getvalue(), 1), "application/vnd.oci.image.layer.v1.tar+gzip"))
config = put(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ids}}).encode(),
             "application/vnd.oci.image.config.v1+json")
m = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": descriptors}
index = [put(json.dumps(m).encode(), m["mediaType"], annotations={"org.opencontainers.image.ref.name": "v1"})]
json.dump({"schemaVersion": 2, "manifests": index}, open(f"{layout}/index.json", "w"))
json.dump({"imageLayoutVersion": "1.0.0"}, open(f"{layout}/oci-layout", "w"))
PY
}
layout "$WORK/layout" "${BENCH_MIB:-600}"
"$REGADM" --root "$ROOT" import --yes --as bench/image "$WORK/layout" >"$WORK/log" 2>&1 || exit 1
layout "$WORK/raw-layout" "${BENCH_RAW_MIB:-2048}" raw
"$REGADM" --root "$WORK/raw" import --yes --as bench/raw "$WORK/raw-layout" >"$WORK/log" 2>&1 || exit 1
rm -r "$WORK/layout" "$WORK/raw-layout"

layers() { find "$ROOT/docker/registry/v2/blobs" -name data -size +500k "$@"; }
ours() { "$REGADM" --root "$ROOT" "$@"; }
fsck_all() { ours fsck; }
sums() { find "$ROOT/docker/registry/v2/blobs" -type f -print0 | xargs -0 -n 8 -P "$CORES" sha256sum; }
# Of so many files, and so small, that programs to start would count.
many_sums() { find "$ROOT/docker/registry/v2/blobs" -type f -print0 | xargs -0 -P "$CORES" sha256sum; }
quick() { ours fsck --quick; }
disk() { ours du; }
gc_dry() { ours gc -n; }
find_file() { ours find --file 'file-7.so'; }
# shellcheck disable=SC2016
unpack() { layers -print0 | xargs -0 -n 1 -P "$CORES" sh -c 'gzip -dc "$1" | tar t | grep file-7.so' sh; }

# Bytes a second that SHA-256 gets through on all cores here, and how much of that fsck does.
against_openssl() {
    local allowed bytes took ROOT=$WORK/raw
    allowed=$(openssl speed -elapsed -seconds 2 -bytes 1048576 -multi "$CORES" -evp sha256 2>/dev/null |
        awk '/sha256/ { v = $NF } END { sub(/k$/, "", v); printf "%.0f", v * 1000 }')
    bytes=$(layers -printf '%s\n' | awk '{ s += $1 } END { printf "%.0f", s }')
    took=$(for _ in 1 2 3 4 5; do time_of fsck_all; done | median 5)
    awk -v allowed="$allowed" -v bytes="$bytes" -v took="$took" 'BEGIN {
        printf "fsck: %.2f GB/s, openssl speed -evp sha256 on as many cores %.2f GB/s: %.0f %% of it (goal 90)\n",
            bytes / took / 1e3, allowed / 1e9, 100 * bytes / took * 1e6 / allowed }'
}

fsck_all >"$WORK/log" || { echo "FAIL the tree is not sound"; exit 1; }
compare "fsck of cached layers, xargs sha256sum" 2.5 5 fsck_all sums
"$REGADM" --root "$WORK/raw" fsck >"$WORK/log" || { echo "FAIL the tree of large blobs is not sound"; exit 1; }
against_openssl
rm -r "$WORK/raw"
compare "find --file, gzip -dc | tar t" 2.5 3 find_file unpack
memory "find --file" "$REGADM" --root "$ROOT" find --file 'file-7.so'
bench_tree
ROOT=$TREE
gc_dry >"$WORK/log" 2>&1
compare "fsck --quick of the large tree, gc -n" 0.77 3 quick gc_dry
compare "du of the large tree, gc -n" 0.77 3 disk gc_dry
fsck_all >"$WORK/log" 2>&1
compare "fsck of the large tree, xargs sha256sum" 2.5 3 fsck_all many_sums
compare_cold "the same, cold cache" 2.5 fsck_all many_sums
memory "fsck of the large tree" "$REGADM" --root "$TREE" fsck
