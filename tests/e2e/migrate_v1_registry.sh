#!/bin/bash
# What migrate-v1 makes, in the hands of others: a registry serves it, skopeo pulls it, umoci unpacks it; fsck finds it
# sound, gc finds nothing to remove; and skopeo's own conversion of the same images gives the same configs.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need docker-registry skopeo umoci curl python3 xz

ROOT=$WORK/root

PYTHONPATH=$TESTLIB python3 - "$WORK" <<'PY'
import json
import lzma
import os
import sys
from v1tree import EMPTY, EMPTY_OLD, Tree, gz, sha256, tar

work = sys.argv[1]
tree = Tree(f"{work}/v1")
base_tar = tar({"etc/": b"", "etc/motd": b"hello\n", "etc/gone": b"soon\n", "bin/": b"", "bin/sh": b"#!\n", "bin/link": "sh"}, end=False)
base = tree.image("base", layer=gz(base_tar), created="2013-06-13T14:03:50.821769-07:00", comment="Imported from -", architecture="x86_64", os=None)
env = tree.image("env", parent=base, layer=EMPTY_OLD, cmd="#(nop) ENV A=<b> & \"c\"", throwaway=True, author="Jörg <j@x.example>")
app = tree.image("app", parent=env, layer=gz(tar({"etc/": b"", "etc/.wh.gone": b"", "srv/": b"", "srv/app": b"one\n" * 1000})),
                 cmd="make install", config={"Cmd": ["/srv/app"], "Env": ["A=b"], "ExposedPorts": {"80/tcp": {}}, "OnBuild": None})
top = tree.image("top", parent=app, layer=EMPTY, cmd="#(nop) CMD [\"/srv/app\"]", throwaway=True, docker_version="1.9.1",
                 config={"Cmd": ["/srv/app"], "Env": ["A=b"], "Labels": {"a": "ü"}, "Entrypoint": None})
xz = tree.image("xz", parent=top, layer=lzma.compress(tar({"srv/": b"", "srv/app": b"two\n"})), cmd="patch")
plain = tree.image("plain", parent=xz, layer=tar({"usr/": b"", "usr/doc": b"read me\n"}, end=False), cmd="doc")
empty = tree.image("all empty", parent=tree.image("e1", layer=EMPTY), layer=EMPTY, cmd="#(nop) MAINTAINER x")
first = {"etc": None, "etc/motd": "hello\n", "etc/gone": "soon\n", "bin": None, "bin/sh": "#!\n", "bin/link": "-> sh"}
second = {k: v for k, v in first.items() if k != "etc/gone"} | {"srv": None, "srv/app": "one\n" * 1000}
third = second | {"srv/app": "two\n"}
want = {"base:1": (base, first), "team/app:one": (app, second), "team/app:top": (top, second), "team/grp/app:xz": (xz, third),
        "team/grp/app:plain": (plain, third | {"usr": None, "usr/doc": "read me\n"}), "team/none:x": (empty, {})}
for ref, (id, _) in want.items():
    repo, tag = ref.split(":")
    tree.tag(repo if "/" in repo else "library/" + repo, tag, id)
json.dump({ref: files for ref, (_, files) in want.items()}, open(f"{work}/want.json", "w"))

# The same image `top` as a manifest of schema 1, which skopeo can convert.
os.makedirs(f"{work}/schema1")
chain = tree.chain(top)
layers = [open(tree.path(id, "layer"), "rb").read() for id in chain]
for data in layers:
    open(f"{work}/schema1/{sha256(data)}", "wb").write(data)
manifest = {"schemaVersion": 1, "name": "team/app", "tag": "top", "architecture": "amd64",
            "fsLayers": [{"blobSum": "sha256:" + sha256(d)} for d in layers],
            "history": [{"v1Compatibility": open(tree.path(id, "json")).read()} for id in chain],
            "signatures": [{"header": {"jwk": {}, "alg": "ES256"}, "signature": "x", "protected": "x"}]}
json.dump(manifest, open(f"{work}/schema1/manifest.json", "w"))
open(f"{work}/schema1/version", "w").write("Directory Transport Version: 1.1\n")
PY

migrate() {
    "$REGADM" --root "$ROOT" migrate-v1 --json "$@" "$WORK/v1" >"$WORK/report.json" 2>"$WORK/migrate.log"
}
statuses() {
    python3 -c 'import json, sys; print(*sorted({t["status"] for t in json.load(open(sys.argv[1]))["tags"]}))' "$WORK/report.json"
}
migrate
same exit-status 1 $? # xz and plain are warned about
same migrated migrated "$(statuses)"
migrate
same second-run unchanged "$(statuses)"

sound() { "$REGADM" --root "$ROOT" fsck --json >"$WORK/fsck.json" 2>&1; }
check fsck-is-clean sound
nothing_to_remove() {
    "$REGADM" --root "$ROOT" gc -n --json >"$WORK/gc.json" 2>/dev/null &&
        python3 -c 'import json, sys; g = json.load(open(sys.argv[1])); sys.exit(g["blobs"]["removed"] + g["layer_links"]["removed"] + g["revisions"]["removed"])' "$WORK/gc.json"
}
check gc-removes-nothing nothing_to_remove

cat >"$WORK/compare.py" <<'PY'
import json, os, sys
want, root, got = json.load(open(sys.argv[1]))[sys.argv[2]], sys.argv[3], {}
for folder, dirs, files in os.walk(root):
    for name in dirs + files:
        p = os.path.join(folder, name)
        key = os.path.relpath(p, root)
        got[key] = "-> " + os.readlink(p) if os.path.islink(p) else None if os.path.isdir(p) else open(p).read()
if got != want:
    sys.exit(f"other files: {sorted(set(got.items()) ^ set(want.items()))}")
PY
registry_start "$ROOT"
for ref in base:1 team/app:one team/app:top team/grp/app:xz team/grp/app:plain team/none:x; do
    name=$(tr /: -- <<<"$ref")
    check "pull-$name" skopeo copy --quiet --src-tls-verify=false "docker://$REG/$ref" "oci:$WORK/layout-$name:x"
    check "unpack-$name" umoci unpack --rootless --image "$WORK/layout-$name:x" "$WORK/bundle-$name"
    check "files-of-$name" python3 "$WORK/compare.py" "$WORK/want.json" "$ref" "$WORK/bundle-$name/rootfs"
    check "inspect-$name" skopeo inspect --tls-verify=false "docker://$REG/$ref"
done
registry_stop

config_of() { # of a manifest in the file
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["config"]["digest"][7:])' "$1"
}
essence() { # what both conversions must agree on
    python3 -c 'import json, sys
c = json.load(open(sys.argv[1]))
print(json.dumps({k: c.get(k) for k in ("architecture", "os", "created", "author", "config", "container_config", "docker_version", "rootfs")},
                 sort_keys=True), [sorted((k, v) for k, v in h.items() if v) for h in c["history"]])' "$1"
}
if skopeo copy --quiet --format v2s2 "dir:$WORK/schema1" "dir:$WORK/schema2" 2>"$WORK/golden.log"; then
    digest=$(cut -d: -f2 "$ROOT/docker/registry/v2/repositories/team/app/_manifests/tags/top/current/link")
    config=$(config_of "$ROOT/docker/registry/v2/blobs/sha256/${digest:0:2}/$digest/data")
    same config-as-skopeo-makes-it "$(essence "$WORK/schema2/$(config_of "$WORK/schema2/manifest.json")")" \
        "$(essence "$ROOT/docker/registry/v2/blobs/sha256/${config:0:2}/$config/data")"
else
    echo "skip config-as-skopeo-makes-it: $(tail -n 1 "$WORK/golden.log")"
fi

rm -rf "$ROOT"
migrate --format oci
registry_start "$ROOT"
check oci-pull skopeo copy --quiet --src-tls-verify=false "docker://$REG/team/app:top" "oci:$WORK/layout-oci:x"
check oci-unpack umoci unpack --rootless --image "$WORK/layout-oci:x" "$WORK/bundle-oci"
check oci-files python3 "$WORK/compare.py" "$WORK/want.json" team/app:top "$WORK/bundle-oci/rootfs"
registry_stop

# Storage that the real old registry wrote, when it is here.
for archive in "${SHARED:-/nonexistent}"/data/v1/v1-0.*.tar.gz; do
    [ -f "$archive" ] || continue
    name=$(basename "$archive" .tar.gz) && rm -rf "$ROOT" "$WORK/v1" && mkdir "$WORK/v1"
    tar xzf "$archive" -C "$WORK/v1" --strip-components=1
    migrate
    check "fsck-$name" sound
    check "gc-$name" nothing_to_remove
    registry_start "$ROOT"
    "$REGADM" --root "$ROOT" migrate-v1 -q "$WORK/v1" >"$WORK/references" 2>/dev/null
    pulled=0
    while read -r ref; do
        skopeo copy --quiet --src-tls-verify=false "docker://$REG/$ref" "oci:$WORK/real-$name:x" >"$WORK/pull.log" 2>&1 &&
            umoci raw unpack --rootless --image "$WORK/real-$name:x" "$WORK/real-bundle" >>"$WORK/pull.log" 2>&1 && pulled=$((pulled + 1))
        rm -rf "$WORK/real-bundle"
    done <"$WORK/references"
    same "all-tags-of-$name-unpack" "$(wc -l <"$WORK/references")" "$pulled"
    registry_stop
done
finish
