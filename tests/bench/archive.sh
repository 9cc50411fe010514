#!/bin/bash
# export and import against tar, skopeo and a running registry: one image of BENCH_MIB (300) MiB in six layers that hold
# programs, libraries and texts of this machine, a whole storage of such data, and one of many small blobs. With
# BENCH_LARGE, also the memory for one of 10 GB in twenty large blobs: that writes 20 GB in $TMPDIR.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
# shellcheck source=tests/lib/bench.sh
. "$TESTLIB/bench.sh"
need docker-registry skopeo python3 tar
ROOT=$WORK/root

python3 - "$WORK/image.tar" "${BENCH_MIB:-300}" <<'PY'
import hashlib, io, itertools, json, os, random, sys, tarfile
layers, size = 6, int(sys.argv[2]) * (1 << 20) // 6
out = tarfile.open(sys.argv[1], "w")
def put(name, data):
    i = tarfile.TarInfo(name); i.size = len(data); out.addfile(i, io.BytesIO(data))
def worth(path):
    return os.path.isfile(path) and not os.path.islink(path) and os.access(path, os.R_OK) and os.path.getsize(path) < 8 << 20
found = sorted(os.path.join(folder, name) for top in ("/usr/lib", "/usr/bin", "/usr/share") for folder, _, names in os.walk(top) for name in names)
random.Random(1).shuffle(found)
files = (path for path in itertools.cycle(found) if worth(path))
ids = []
for n in range(layers):
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as t:
        while inner.tell() < size:
            t.add(next(files))
    ids.append("sha256:" + hashlib.sha256(inner.getvalue()).hexdigest())
    put(f"{n}/layer.tar", inner.getvalue())
config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ids}}).encode()
c = hashlib.sha256(config).hexdigest() + ".json"
put(c, config)
put("manifest.json", json.dumps([{"Config": c, "RepoTags": ["bench/image:v1"], "Layers": [f"{n}/layer.tar" for n in range(layers)]}]).encode())
out.close()
PY

fresh() { rm -rf "$WORK/into" "$WORK/served/docker" && mkdir "$WORK/into" && sync; }
before_ours_in() { fresh; }
before_skopeo_in() { fresh; }
before_restore() { fresh; }
before_untar() { fresh; }
ours_in() { "$REGADM" --root "$WORK/into" import --yes "$WORK/image.tar"; }
skopeo_in() { skopeo copy -q --dest-tls-verify=false "docker-archive:$WORK/image.tar" "docker://$REG/bench/image:v1"; }
again() { "$REGADM" --root "$ROOT" import --yes "$WORK/image.tar"; }
ours_out() { "$REGADM" --root "$ROOT" export --format docker bench/image:v1 -o "$WORK/out.tar"; }
skopeo_out() { rm -f "$WORK/theirs.tar" && skopeo copy -q --src-tls-verify=false "docker://$REG/bench/image:v1" "docker-archive:$WORK/theirs.tar:bench/image:v1"; }
ours_all() { "$REGADM" --root "$ROOT" export --all -o "$WORK/all.tar"; }
ours_pipe() { "$REGADM" --root "$ROOT" export --all | cat >"$WORK/all.tar"; }
tar_all() { tar cf "$WORK/tar.tar" -C "$ROOT" docker; }
restore() { "$REGADM" --root "$WORK/into" import --yes "$WORK/all.tar"; }
untar() { tar xf "$WORK/tar.tar" -C "$WORK/into" && sha256sum "$WORK/tar.tar" && sync -f "$WORK/into"; }

"$REGADM" --root "$ROOT" import --yes "$WORK/image.tar" >"$WORK/log" 2>&1 || exit 1
registry_start "$WORK/served"
compare "import of plain layers, skopeo to a registry" 5 3 ours_in skopeo_in
registry_stop
registry_start "$ROOT"
compare "one image out, skopeo from a registry" 5 3 ours_out skopeo_out
registry_stop
compare "export of all, tar" 1 5 ours_all tar_all
compare "export of all into a pipe, tar" 1 5 ours_pipe tar_all
compare "restore, tar and sha256sum" 1 3 restore untar
compare "import of what is there, the first time" 20 3 again ours_in
memory "export of all" "$REGADM" --root "$ROOT" export --all -o "$WORK/all.tar"
memory "import of plain layers" "$REGADM" --root "$WORK/into2" import --yes "$WORK/image.tar"
bench_tree
ROOT=$TREE
compare "export of the large tree, tar" 1 1 ours_all tar_all
memory "export of the large tree" "$REGADM" --root "$TREE" export --all -o "$WORK/all.tar"
memory "restore of the large tree, dry" "$REGADM" --root "$WORK/into3" import -n "$WORK/all.tar"
memory "restore of the large tree" "$REGADM" --root "$WORK/into3" import --yes "$WORK/all.tar"
rm -rf "$WORK/into3" "$WORK/all.tar"

large_blobs() {
    PYTHONPATH=$TESTLIB python3 - "$1" <<'PY'
import hashlib, sys
from v2tree import Tree
tree, layers, zeroes = Tree(sys.argv[1]), [], hashlib.sha256()
for _ in range(512):
    zeroes.update(bytes(1 << 20))
for n in range(20):
    layers.append(tree.zeroes("sha256:" + zeroes.hexdigest(), (512 << 20) + n))
    zeroes.update(b"\0")
tree.image("large/zeroes", "v1", tree.blob(b"{}"), layers)
PY
}
if [ -n "${BENCH_LARGE:-}" ]; then
    large_blobs "$WORK/large"
    memory "export of 10 GB in large blobs" "$REGADM" --root "$WORK/large" export --all -o "$WORK/all.tar"
    memory "restore of 10 GB in large blobs" "$REGADM" --root "$WORK/into3" import --yes "$WORK/all.tar"
fi
