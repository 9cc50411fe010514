#!/bin/bash
# Backups: increments, restores in and out of order, mirrors, damage, and being cut off anywhere.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need python3
ROOT=$WORK/root
sample "$ROOT" >/dev/null

regadm() { "$REGADM" --root "$ROOT" "$@"; }
at() { local root=$1; shift; "$REGADM" --root "$root" "$@"; }
sound() { python3 "$TESTLIB/sound.py" "$1"; }
# Every link and blob that counts, so not what an upload or a collector would leave.
state() {
    (cd "$1/docker/registry/v2" 2>/dev/null && find . \( -path ./.regadm -o -name _uploads \) -prune -o -type f -print0 | sort -z |
        xargs -0r sha256sum | grep -v "$ORPHANS")
}
tags() { at "$1" ls -q | while read -r repo; do at "$1" tags -q "$repo" | sed "s|^|$repo:|"; done | sort; }
fails() { ! "$@"; }
# fails_with TEXT COMMAND...
fails_with() {
    local text=$1 said
    shift
    if said=$("$@" 2>&1); then echo "it succeeded"; return 1; fi
    grep -q -- "$text" <<<"$said" || { echo "$said"; return 1; }
}
image_tar() { # FILE NAME TEXT: a docker-archive of one small image
    python3 - "$@" <<'PY'
import hashlib, io, json, sys, tarfile
out, name, text = sys.argv[1:]
def tar(entries):
    b = io.BytesIO()
    with tarfile.open(fileobj=b, mode="w") as t:
        for n, data in entries:
            i = tarfile.TarInfo(n); i.size = len(data); t.addfile(i, io.BytesIO(data))
    return b.getvalue()
layer = tar([("text", text.encode() * 50000)])
config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers",
    "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
c = hashlib.sha256(config).hexdigest() + ".json"
open(out, "wb").write(tar([(c, config), ("l/layer.tar", layer),
    ("manifest.json", json.dumps([{"Config": c, "RepoTags": [name], "Layers": ["l/layer.tar"]}]).encode())]))
PY
}

# --- a chain of three increments
ORPHANS=$(python3 - "$ROOT" <<'PY'
# The sample has a blob that nothing refers to: it is no part of a backup.
import os, sys
v2 = sys.argv[1] + "/docker/registry/v2"
text = "".join(open(f"{d}/{f}", errors="ignore").read() for d, _, fs in os.walk(v2) for f in fs if f in ("link", "data"))
for d, _, fs in os.walk(v2 + "/blobs"):
    if "data" in fs and os.path.basename(d) not in text:
        print(os.path.basename(d))
PY
)
ORPHANS=${ORPHANS:-none}
check "the sample is sound" sound "$ROOT"
check "full" regadm export --all -o "$WORK/0.tar"
for n in 1 2 3; do
    image_tar "$WORK/image.tar" "new/image$n:v1" "text $n"
    check "change $n" regadm import --yes "$WORK/image.tar"
    [ $n != 2 ] || check "a tag moves" regadm import --yes --replace --as tools/hello:1.0 "$WORK/image.tar"
    check "increment $n" regadm export --all --since "$WORK/$((n - 1)).tar" -o "$WORK/$n.tar"
    check "it is smaller than a full one" test "$(stat -c %s "$WORK/$n.tar")" -lt 40000
done
check "an increment can be looked at" at "$WORK/none" archive --verify "$WORK/2.tar"
for n in 0 1 2 3; do check "restore of $n" at "$WORK/restored" import --yes --replace "$WORK/$n.tar"; done
check "the restored storage is sound" sound "$WORK/restored"
same "and equal" "$(state "$ROOT")" "$(state "$WORK/restored")"
check "out of order is refused" fails_with "import first" at "$WORK/wrong" import --yes "$WORK/1.tar"
check "with a hole too" bash -c "'$REGADM' --root '$WORK/wrong' import --yes '$WORK/0.tar' && ! '$REGADM' --root '$WORK/wrong' import --yes --replace '$WORK/3.tar'"
same "and writes no tag" "" "$(tags "$WORK/wrong" | grep new/)"
check "the beginning of a backup is enough for --since" bash -c \
    "head -c 20000 '$WORK/0.tar' >'$WORK/head'; '$REGADM' --root '$ROOT' export --all --since '$WORK/head' --no-timestamp -o '$WORK/h.tar'"
check "the receiver's catalogue" at "$WORK/wrong" export --all --print-catalog -o "$WORK/catalog"
check "is what --have takes" regadm export --all --have "$WORK/catalog" -o "$WORK/have.tar"
check "and what comes fits" at "$WORK/wrong" import --yes --replace "$WORK/have.tar"
same "equal again" "$(state "$ROOT")" "$(state "$WORK/wrong")"

# --- tags that are there
image_tar "$WORK/image.tar" new/image1:v1 "another text"
cp -a "$WORK/restored" "$WORK/mirror"
at "$WORK/mirror" import --yes "$WORK/image.tar" >"$WORK/out" 2>&1
same "a tag is not moved without being asked" 1 $?
check "and that is said" grep -q tag-conflict "$WORK/out"
check "nor without a word" fails_with "--yes" at "$WORK/mirror" import --replace "$WORK/image.tar"
check "--replace moves it" at "$WORK/mirror" import --yes --replace "$WORK/image.tar"
check "one more tag" at "$WORK/mirror" import --yes --as more:v1 "$WORK/image.tar"
regadm export --all -o "$WORK/now.tar" 2>/dev/null
check "a mirror" at "$WORK/mirror" import --yes --mirror "$WORK/now.tar"
same "has the same tags" "$(tags "$ROOT")" "$(tags "$WORK/mirror")"
check "a dry run" at "$WORK/dry" import -n "$WORK/now.tar"
same "writes nothing" "" "$(find "$WORK/dry" -type f 2>/dev/null)"
check "prefix" at "$WORK/prefixed" import --prefix old "$WORK/now.tar"
same "puts all below it" "" "$(tags "$WORK/prefixed" | grep -v ^old/)"
check "select" at "$WORK/selected" import --select 'new/*' "$WORK/now.tar"
same "takes no more" "new/image1:v1 new/image2:v1 new/image3:v1" "$(tags "$WORK/selected" | tr '\n' ' ' | sed 's/ $//')"
check "and is sound" sound "$WORK/selected"

# --- damage
cp -a "$ROOT" "$WORK/damaged"
victim=$(python3 - "$ROOT" <<'PY'
import json, os, sys
v2 = sys.argv[1] + "/docker/registry/v2"
link = open(v2 + "/repositories/new/image1/_manifests/tags/v1/current/link").read().split(":")[1]
print(json.load(open(f"{v2}/blobs/sha256/{link[:2]}/{link}/data"))["layers"][0]["digest"].split(":")[1])
PY
)
printf X | dd of="$WORK/damaged/docker/registry/v2/blobs/sha256/${victim:0:2}/$victim/data" bs=1 seek=30 conv=notrunc status=none
check "a damaged blob is named" fails_with "$victim" at "$WORK/damaged" export --all -o "$WORK/bad.tar"
check "and no file appears" test ! -e "$WORK/bad.tar"
check "in a pipe too" fails_with "$victim" bash -c "'$REGADM' --root '$WORK/damaged' export --all >'$WORK/bad.tar'"
check "which no import takes" fails at "$WORK/b" import --yes "$WORK/bad.tar"
at "$WORK/damaged" export --all --skip-damaged -o "$WORK/skipped.tar" 2>"$WORK/said"
same "--skip-damaged goes on, and says so" 1 $?
check "the rest is whole" at "$WORK/rest" import --yes "$WORK/skipped.tar"
same "but for that image" "$(tags "$ROOT" | grep -v new/image1)" "$(tags "$WORK/rest")"
check "the same into a pipe" bash -c "'$REGADM' --root '$WORK/damaged' export --all --skip-damaged 2>/dev/null | '$REGADM' --root '$WORK/rest2' import --yes"
rm "$WORK/damaged/docker/registry/v2/blobs/sha256/${victim:0:2}/$victim/data"
check "a missing blob is named" fails_with "$victim" at "$WORK/damaged" export new/image1 -o "$WORK/bad.tar"
check "others are not concerned" at "$WORK/damaged" export new/image2 -o "$WORK/good.tar"
size=$(stat -c %s "$WORK/now.tar")
for part in 10 50 90 99; do
    head -c $((size * part / 100 / 512 * 512)) "$WORK/now.tar" >"$WORK/cut.tar"
    check "a backup cut at $part % is refused" fails at "$WORK/cut" import --yes "$WORK/cut.tar"
done
same "and nothing of it stays" "" "$(find "$WORK/cut" -name data -o -name link)"
head -c $((size * 99 / 100 / 512 * 512)) "$WORK/now.tar" | at "$WORK/cutpipe" import --yes 2>/dev/null
same "from a pipe no tag appears" "" "$(tags "$WORK/cutpipe")"
for tool in gzip zstd xz bzip2; do
    command -v $tool >/dev/null && check "a backup within $tool" bash -c "$tool -c '$WORK/now.tar' | '$REGADM' --root '$WORK/$tool' import --yes"
done
check "--compress zstd" bash -c "'$REGADM' --root '$ROOT' export --all --compress zstd | '$REGADM' --root '$WORK/z' import --yes"
check "--compress gzip" bash -c "'$REGADM' --root '$ROOT' export --all --compress gzip -o '$WORK/all.tgz' && gzip -t '$WORK/all.tgz'"

# --- cut off
# The reader is gone before the first byte: what fits into the pipe would be written without an error.
check "a reader that goes away" bash -c "{ until test -e '$WORK/gone'; do sleep 0.01; done
    '$REGADM' --root '$ROOT' export --all 2>/dev/null; } | { exec 0<&-; touch '$WORK/gone'; }; test \${PIPESTATUS[0]} -ne 0"
check "a full disk" fails "$REGADM" --root "$ROOT" export --all -o /dev/full
FAULTS=$OUT/regadm-faults
cut_off() { # MODE STEP WHAT COMMAND...: at every STEP-th storage call; the tree must be sound, a later run must finish
    local mode=$1 step=$2 what=$3 n=0 root=$WORK/fault code bad=
    shift 3
    for ((n = 1; ; n += step)); do
        rm -rf "$root"
        REGADM_FAULT="at=$n,ops=write+read+stat+list,mode=$mode,error=ENOSPC" "$FAULTS" --root "$root" "$@" >"$WORK/fault.out" 2>&1
        code=$?
        [ $code != 0 ] || break
        [ ! -d "$root/docker" ] || sound "$root" >"$WORK/fault.sound" || bad+=" $n: $(head -n1 "$WORK/fault.sound");"
        "$REGADM" --root "$root" "$@" >"$WORK/fault.out" 2>&1 || bad+=" $n again: $(tail -n1 "$WORK/fault.out");"
        [ "$(state "$root")" = "$WANT" ] || bad+=" $n: another state;"
        [ $n -lt 5000 ] || break
    done
    same "$what, $mode at every call up to $n" "" "$bad"
}
at "$WORK/whole" import --yes "$WORK/1.tar" --allow-missing >/dev/null 2>&1
at "$WORK/clean" import --yes "$WORK/0.tar" >/dev/null 2>&1
WANT=$(state "$WORK/clean")
if [ -x "$FAULTS" ]; then
    cut_off stop 3 "import of a backup" import --yes "$WORK/0.tar" -j1
    cut_off kill 7 "import of a backup" import --yes "$WORK/0.tar" -j2
    rm -rf "$WORK/clean" && at "$WORK/clean" import --yes "$WORK/image.tar" >/dev/null 2>&1
    WANT=$(state "$WORK/clean")
    cut_off stop 1 "import of an image" import --yes "$WORK/image.tar" -j1
    cut_off kill 1 "import of an image" import --yes "$WORK/image.tar" -j2
    n=1
    stopped() { ! REGADM_FAULT="at=$1,ops=all,mode=stop,error=EIO" "$FAULTS" --root "$ROOT" export --all -o "$WORK/f.tar" >/dev/null 2>&1; }
    while stopped $n && [ $n -lt 3000 ]; do
        [ ! -e "$WORK/f.tar" ] || { echo "FAIL export stopped at call $n: a file appeared"; FAILED=1; break; }
        n=$((n + 5))
    done
    check "export, stopped at every fifth call up to $n, leaves no file" test "$(find "$WORK" -maxdepth 1 -name '*f.tar*' | wc -l)" = 1
else
    echo "skip faults: regadm-faults is not built"
fi
finish
