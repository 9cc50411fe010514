#!/bin/bash
# Where migrate-v1 writes to: a disk that fills up, a file system that can share bytes, a kill at any moment, two at a time.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need python3

PYTHONPATH=$TESTLIB python3 - "$WORK" <<'PY'
import lzma
import random
import sys
from v1tree import EMPTY, Tree, gz, tar
tree, parent = Tree(f"{sys.argv[1]}/v1"), None
for n in range(12):
    data = random.Random(n).randbytes(400_000)
    content = tar({f"f{n}": data})
    parent = tree.image(f"i{n}", parent=parent, layer=EMPTY if n % 4 == 3 else lzma.compress(content) if n == 5 else gz(content))
    tree.tag("team/app", f"t{n:02}", parent)
PY

migrate() { # into the folder $1
    local root=$1
    shift
    "$REGADM" --root "$root" migrate-v1 -q "$@" "$WORK/v1" >"$WORK/out" 2>"$WORK/err"
}
migrate_dry() {
    migrate "$1" -n
    [ $? -le 1 ]
}
sound() { "$REGADM" --root "$1" fsck >"$WORK/fsck" 2>&1; }
only_whole_tags() { # fsck finds no missing thing; there may be nothing at all yet
    [ ! -d "$1/docker/registry/v2/repositories" ] || sound "$1"
}
tree_of() { # names and contents, without what is ours
    (cd "$1" && find docker -type f ! -path '*/.regadm/*' -exec sha256sum {} + | sort)
}

migrate "$WORK/whole"
tree_of "$WORK/whole" >"$WORK/whole.tree"
same twelve-tags 12 "$(wc -l <"$WORK/out")"

# A kill after ever longer times, onto the same target: each leaves whole tags, and the last run finishes.
killed=0
for delay in 0.002 0.005 0.01 0.02 0.03 0.05 0.08 0.12 0.2; do
    for round in fresh again; do
        [ $round = again ] || rm -rf "$WORK/killed"
        { timeout -s KILL $delay "$REGADM" --root "$WORK/killed" migrate-v1 -q "$WORK/v1" >/dev/null; } 2>/dev/null || killed=$((killed + 1))
        only_whole_tags "$WORK/killed" || echo "FAIL after-a-kill: after $delay s: $(head -n 2 "$WORK/fsck")"
    done
done
check some-runs-were-killed test $killed -gt 3
for _ in $(seq 100); do # the last of the killed may not be quite gone, and hold the lock
    migrate "$WORK/killed"
    if [ $? != 3 ] || ! grep -q 'process' "$WORK/err"; then break; fi
    sleep 0.1
done
tree_of "$WORK/killed" >"$WORK/killed.tree"
check a-killed-migration-is-finished-by-the-next diff "$WORK/whole.tree" "$WORK/killed.tree"
check no-temporary-file-is-left test -z "$(find "$WORK/killed" -name '*.tmp*' -type f)"

# The same result with one thread and with many.
migrate "$WORK/serial" -j1
migrate "$WORK/wide" -j16
tree_of "$WORK/serial" | check one-thread diff "$WORK/whole.tree" -
tree_of "$WORK/wide" | check sixteen-threads diff "$WORK/whole.tree" -

mounted() { # mount options, folder
    mkdir -p "${*: -1}" && mount "$@" 2>/dev/null
}
unmount_all() {
    umount "$WORK/small" "$WORK/xfs" 2>/dev/null
    cleanup
}
trap unmount_all EXIT

if mounted -t tmpfs -o size=2m none "$WORK/small"; then
    migrate "$WORK/small/root"
    same full-disk-status 3 $?
    check full-disk-says-so grep -qi 'no space' "$WORK/err"
    check full-disk-leaves-a-sound-storage only_whole_tags "$WORK/small/root"
    mount -o remount,size=64m "$WORK/small"
    migrate "$WORK/small/root"
    tree_of "$WORK/small/root" | check room-again-finishes diff "$WORK/whole.tree" -
    mount -o remount,ro "$WORK/small"
    migrate "$WORK/small/root"
    same read-only-status 3 $?
    check read-only-dry-run migrate_dry "$WORK/small/root"
else
    echo "skip full-disk: no tmpfs may be mounted here"
fi

if command -v mkfs.xfs >/dev/null && truncate -s 400M "$WORK/xfs.img" && mkfs.xfs -q -m reflink=1 "$WORK/xfs.img" 2>/dev/null &&
    mounted -o loop "$WORK/xfs.img" "$WORK/xfs"; then
    cp -a "$WORK/v1" "$WORK/xfs/v1" && sync
    before=$(df --output=used -k "$WORK/xfs" | tail -n 1)
    "$REGADM" --root "$WORK/xfs/root" migrate-v1 --json "$WORK/xfs/v1" >"$WORK/json" 2>/dev/null
    sync
    after=$(df --output=used -k "$WORK/xfs" | tail -n 1)
    tree_of "$WORK/xfs/root" | check same-on-xfs diff "$WORK/whole.tree" -
    check bytes-are-shared python3 -c 'import json, sys
b = json.load(open(sys.argv[1]))["bytes"]
sys.exit(not (b["shared"] > 3_000_000 and b["written"] < 500_000))' "$WORK/json"
    check sharing-takes-no-space test $((after - before)) -lt 1500
else
    echo "skip reflinks: no XFS image may be mounted here"
fi

# Two at a time: the second is refused, and names the first, which waits for names from a pipe while it has the lock.
mkfifo "$WORK/names"
"$REGADM" --root "$WORK/two" migrate-v1 -q --name-map "$WORK/names" "$WORK/v1" >/dev/null 2>&1 &
first=$!
exec 3>"$WORK/names"
migrate "$WORK/two"
same the-second-is-refused 3 $?
check it-names-the-first grep -q "process $first" "$WORK/err"
check a-dry-run-is-not migrate_dry "$WORK/two"
exec 3>&-
wait $first
same the-first-finishes 1 $?
tree_of "$WORK/two" | check two-at-a-time diff "$WORK/whole.tree" -
finish
