#!/bin/bash
# Export where the file system can share blocks between files: a backup beside the storage takes hardly any room, and
# its bytes are the same as anywhere.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need mkfs.xfs python3
mkdir "$WORK/xfs"
if ! { truncate -s 400M "$WORK/xfs.img" && mkfs.xfs -q -m reflink=1 "$WORK/xfs.img" &&
    mount -o loop "$WORK/xfs.img" "$WORK/xfs"; } 2>/dev/null; then
    echo "skip reflinks: no XFS image may be mounted here"
    exit 77
fi
trap 'umount "$WORK/xfs"; cleanup' EXIT
used() { sync && df --output=used -k "$WORK/xfs" | tail -n 1; }

ROOT=$WORK/xfs/root
PYTHONPATH=$TESTLIB python3 - "$ROOT" <<'PY'
import random, sys
from v2tree import Tree
tree, noise = Tree(sys.argv[1]), random.Random(5)
sizes = (12 << 20, (8 << 20) + 1, (4 << 20) - 1, 70_000, 5_000, 1)
tree.image("team/app", "v1", tree.blob(b"{}"), [tree.blob(noise.randbytes(size)) for size in sizes])
PY
before=$(used)
check "export beside the storage" "$REGADM" --root "$ROOT" export --all --no-timestamp -o "$WORK/xfs/all.tar"
after=$(used)
check "takes no room" test $((after - before)) -lt 2000
check "though it is as long as ever" test "$(stat -c %s "$WORK/xfs/all.tar")" -gt $((24 << 20))
check "export to another file system" "$REGADM" --root "$ROOT" export --all --no-timestamp -o "$WORK/all.tar"
check "gives the same bytes" cmp "$WORK/all.tar" "$WORK/xfs/all.tar"
check "which are verified" "$REGADM" archive --verify "$WORK/xfs/all.tar"
check "and restored" "$REGADM" --root "$WORK/restored" import --yes "$WORK/xfs/all.tar"
check "as they were" diff -r "$ROOT" "$WORK/restored"

# What is shared is read all the same.
blob=$(find "$ROOT" -size +10M -name data)
printf x | dd of="$blob" bs=1 seek=5000000 conv=notrunc status=none
"$REGADM" --root "$ROOT" export --all -o "$WORK/xfs/bad.tar" >"$WORK/said" 2>&1
same "a damaged blob ends it" "3 0" "$? $(find "$WORK/xfs" -name bad.tar | wc -l)"
check "by name" grep -q "$(basename "$(dirname "$blob")")" "$WORK/said"
finish
