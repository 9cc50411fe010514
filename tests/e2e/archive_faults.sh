#!/bin/bash
# Export and import on full disks, killed at any time, and beside a registry that is being pushed to.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need python3
ROOT=$WORK/root
sample "$ROOT" >/dev/null

at() { local root=$1; shift; "$REGADM" --root "$root" "$@"; }
sound() { python3 "$TESTLIB/sound.py" "$1"; }
tags() { at "$1" ls -q | while read -r repo; do at "$1" tags "$repo" --json; done; }
# Nothing worse than garbage.
mends() { at "$1" fsck >"$WORK/fsck" 2>&1 || ! grep -qE '^error' "$WORK/fsck"; }
noise() { # FILE NAME MIB: a docker-archive of four layers that compress by half
    python3 - "$@" <<'PY'
import hashlib, io, json, os, sys, tarfile
out, name, size = sys.argv[1], sys.argv[2], int(sys.argv[3]) << 20
with tarfile.open(out, "w") as t:
    def put(member, data):
        i = tarfile.TarInfo(member); i.size = len(data); t.addfile(i, io.BytesIO(data))
    layers = [b"".join(os.urandom(512) + bytes(512) for _ in range(size // 4096)) for _ in range(4)]
    config = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers",
        "diff_ids": ["sha256:" + hashlib.sha256(b).hexdigest() for b in layers]}}).encode()
    put("config.json", config)
    for n, b in enumerate(layers):
        put(f"{n}.tar", b)
    put("manifest.json", json.dumps([{"Config": "config.json", "RepoTags": [name], "Layers": [f"{n}.tar" for n in range(4)]}]).encode())
PY
}

# --- killed at any time
noise "$WORK/image.tar" big/image:v1 24
check "a larger storage" at "$ROOT" import --yes "$WORK/image.tar"
at "$ROOT" export --all --no-timestamp -q -o "$WORK/all.tar" >/dev/null
killed() { # SECONDS COMMAND...: SIGKILL after that time
    timeout --foreground -s KILL "$@" >/dev/null 2>&1
}
bad=
for ms in 003 010 025 050 080 120 200; do
    rm -rf "$WORK/x" "$WORK/out" && mkdir "$WORK/out"
    killed 0.$ms "$REGADM" --root "$ROOT" export --all --no-timestamp -o "$WORK/out/f.tar"
    [ ! -e "$WORK/out/f.tar" ] || cmp -s "$WORK/out/f.tar" "$WORK/all.tar" || bad+=" export $ms: a file, and another one;"
    at "$ROOT" export --all --no-timestamp -q -o "$WORK/out/f.tar" >/dev/null 2>&1 && cmp -s "$WORK/out/f.tar" "$WORK/all.tar" || bad+=" export $ms again;"
    [ "$(find "$WORK/out" -type f | wc -l)" = 1 ] || bad+=" export $ms: something stayed;"
    for file in all.tar image.tar; do
        rm -rf "$WORK/x"
        killed 0.$ms "$REGADM" --root "$WORK/x" import --yes "$WORK/$file"
        [ ! -d "$WORK/x/docker" ] || sound "$WORK/x" >"$WORK/sound" || bad+=" import of $file $ms: $(head -n1 "$WORK/sound");"
        at "$WORK/x" import --yes "$WORK/$file" >"$WORK/again" 2>&1 || bad+=" import of $file $ms again: $(tail -n1 "$WORK/again");"
    done
done
same "killed after any time" "" "$bad"
check "the last one is sound" sound "$WORK/x"

# --- the same each time
for level in 1 2 3; do
    for n in 1 2 3; do at "$WORK/same$n" -j "$n" import --yes --level "$level" "$WORK/image.tar" >/dev/null 2>&1; done
    for n in 2 3; do
        same "an image gets the same digest each time, level $level, $n threads" "$(tags "$WORK/same1" | grep '"digest"')" "$(tags "$WORK/same$n" | grep '"digest"')"
    done
    rm -rf "$WORK"/same?
done

# --- full
disk() { mount -t tmpfs -o "size=$1,nr_inodes=$2" none "$WORK/disk"; }
mkdir "$WORK/disk"
if disk 4m 0 2>/dev/null; then
    at "$WORK/disk/r" import --yes "$WORK/image.tar" >"$WORK/said" 2>&1
    same "a full disk ends an import" 3 $?
    check "with the reason" grep -q "No space left" "$WORK/said"
    check "and leaves a sound storage" mends "$WORK/disk/r"
    same "without a tag" "" "$(at "$WORK/disk/r" ls -q)"
    mount -o remount,size=100m "$WORK/disk"
    check "with room the next one ends well" at "$WORK/disk/r" import --yes "$WORK/image.tar"
    check "and is sound" sound "$WORK/disk/r"
    umount "$WORK/disk"
    disk 4m 0
    at "$WORK/disk/r" import --yes "$WORK/all.tar" >"$WORK/said" 2>&1
    same "a backup that does not fit is not begun" "3 0" "$? $(find "$WORK/disk" -type f | wc -l)"
    check "and that is said, with the numbers" grep -q "has no room for it: it needs .* more, and .* are free" "$WORK/said"
    at "$WORK/disk/r" import --yes - <"$WORK/all.tar" >"$WORK/said" 2>&1
    same "nor from a pipe" "3 0" "$? $(find "$WORK/disk" -type f | wc -l)"
    at "$ROOT" export --all -o "$WORK/disk/all.tar" >"$WORK/said" 2>&1
    same "a full disk ends an export" 3 $?
    check "with the reason too" grep -q "No space left" "$WORK/said"
    same "and leaves nothing" 0 "$(find "$WORK/disk" -type f | wc -l)"
    at "$ROOT" export --all --compress gzip -o "$WORK/disk/all.tar" >"$WORK/said" 2>&1
    same "compressed as well" "3 0" "$? $(find "$WORK/disk" -type f | wc -l)"
    umount "$WORK/disk"
    bad=
    for inodes in 10 20 40 60 80 100 120; do # files are what runs out, in the middle of links
        disk 100m $inodes
        at "$WORK/disk/r" import --yes "$WORK/all.tar" >/dev/null 2>&1 && bad+=" $inodes: enough?"
        [ ! -d "$WORK/disk/r/docker" ] || sound "$WORK/disk/r" >"$WORK/sound" || bad+=" $inodes: $(head -n1 "$WORK/sound");"
        mount -o remount,nr_inodes=10000 "$WORK/disk"
        at "$WORK/disk/r" import --yes "$WORK/all.tar" >"$WORK/again" 2>&1 || bad+=" $inodes again: $(tail -n1 "$WORK/again");"
        umount "$WORK/disk"
    done
    same "out of inodes" "" "$bad"
else
    echo "skip full disk: no mount is permitted"
fi

# --- a folder for temporary files that has no unnamed ones
if strace -qq -o /dev/null true 2>/dev/null; then
    mkdir "$WORK/tmp"
    (TMPDIR=$WORK/tmp strace -f -qq -o /dev/null -P "$WORK/tmp" -e inject=openat:error=EOPNOTSUPP "$REGADM" --root "$WORK/spooled" \
        import --yes - < <(cat "$WORK/image.tar")) >"$WORK/said" 2>&1
    same "an archive is put aside all the same" "0 0" "$? $(find "$WORK/tmp" -type f | wc -l)"
    rm -rf "$WORK/spooled"
else
    echo "skip no unnamed files: strace does not work here"
fi

# --- pipes
bash -c "'$REGADM' --root '$ROOT' export --all 2>'$WORK/said' | head -c 100000 >/dev/null; exit \${PIPESTATUS[0]}"
check "a pipe that breaks ends an export" test $? -ne 0
head -c 3000000 "$WORK/all.tar" | at "$WORK/cut" import --yes >"$WORK/said" 2>&1
same "a sender that goes away ends an import" 3 $?
check "which says so" grep -q "cut" "$WORK/said"
check "and leaves no name" mends "$WORK/cut"
same "at all" "" "$(at "$WORK/cut" ls -q 2>/dev/null)"

# --- pushes meanwhile
if command -v docker-registry skopeo umoci >/dev/null && [ "$(command -v docker-registry skopeo umoci | wc -l)" = 3 ]; then
    for n in 1 2 3 4; do image_make "$WORK/one" v$n "text $n"; done >"$WORK/make.log" 2>&1
    LIVE=$WORK/live
    registry_start "$LIVE"
    check "the first push" push "$WORK/one:v1" team/app:v0
    pushes() {
        local i=0
        while [ ! -e "$WORK/stop" ]; do
            i=$((i + 1))
            push "$WORK/one:v$((i % 4 + 1))" "team/app:v$((i % 3))" >/dev/null 2>&1
            push "$WORK/one:v$((i % 4 + 1))" "new/repo$i:latest" >/dev/null 2>&1
        done
        echo $i >"$WORK/pushed"
    }
    pushes &
    PUSHER=$!
    bad=
    for ((n = 1; n <= 6; n++)); do
        at "$LIVE" export --all -q -o "$WORK/live.tar" >"$WORK/said" 2>&1 || bad+=" export $n: $(tail -n1 "$WORK/said");"
        rm -rf "$WORK/x"
        at "$WORK/x" import --yes "$WORK/live.tar" >"$WORK/said" 2>&1 || bad+=" import $n: $(tail -n1 "$WORK/said");"
        sound "$WORK/x" >"$WORK/sound" || bad+=" $n: $(head -n1 "$WORK/sound");"
        rm -rf "$WORK/x"
        at "$LIVE" export --all 2>"$WORK/said" | at "$WORK/x" import --yes >"$WORK/said" 2>&1 || bad+=" pipe $n: $(tail -n1 "$WORK/said");"
        sound "$WORK/x" >"$WORK/sound" || bad+=" pipe $n: $(head -n1 "$WORK/sound");"
    done
    touch "$WORK/stop"
    wait $PUSHER
    same "exports during $(cat "$WORK/pushed") rounds of pushes restore" "" "$bad"
    check "there were pushes" test "$(cat "$WORK/pushed")" -gt 3
    registry_stop
    at "$LIVE" export --all -q -o "$WORK/live.tar" >/dev/null && rm -rf "$WORK/x"
    check "the last state" at "$WORK/x" import --yes "$WORK/live.tar"
    same "is the registry's" "$(tags "$LIVE" | grep '"digest"')" "$(tags "$WORK/x" | grep '"digest"')"
else
    echo "skip pushes: docker-registry, skopeo or umoci is not installed"
fi
finish
