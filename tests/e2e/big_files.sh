#!/bin/bash
# A layer of more than 8 GiB, which 32 bits and the octal sizes of tar do not hold. It is sparse, and what only looks
# at it takes no time. With BIG_FILES=1 it goes all the way too: read, exported, verified, restored, loaded as an image.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need python3
ROOT=$WORK/root
SIZE=$((9 << 30))
# The digest of as many zero bytes.
LAYER=cfbee1b311082090f6417b1026f9f83b2b3db46bc20ec64dff238d202c3782a6
regadm() { "$REGADM" --root "$ROOT" "$@"; }

PYTHONPATH=$TESTLIB python3 - "$ROOT" "sha256:$LAYER" $SIZE <<'PY'
import json, sys
from v2tree import Tree
tree, layer, size = Tree(sys.argv[1]), sys.argv[2], int(sys.argv[3])
config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [layer]}}
tree.image("big", "v1", tree.blob(json.dumps(config).encode()), [tree.zeroes(layer, size)])
PY

figure() { python3 -c "import json, sys; print($1)" 2>&1; }
more() { figure "json.load(sys.stdin)$1 // $SIZE"; }
same "size in ls" 1 "$(regadm ls --json | more '["repositories"][0]["bytes"]')"
same "size in tags" 1 "$(regadm tags --json big | more '["repositories"][0]["tags"][0]["bytes"]')"
same "size in du" 1 "$(regadm du --json | more '["bytes"]')"
same "for people" "9.7 GB" "$(regadm ls | awk 'NR == 2 { print $4, $5 }')"
same "larger than" big:v1 "$(regadm find -q --larger-than 8GB)"
regadm fsck --quick >"$WORK/log" 2>&1
same "sizes agree" "0 sound" "$? $(grep -o '^sound' "$WORK/log")"
same "what rm would free" 1 "$(regadm rm -n --json -r big | more '["untagged_bytes"]')"

if [ -z "${BIG_FILES:-}" ]; then
    echo "skip read and carried: BIG_FILES=1 has it done"
    finish
fi
regadm fsck >"$WORK/log" 2>&1
same "every byte" 0 $?
regadm export --all -o "$WORK/all.tar" 2>"$WORK/log"
same "export" "0 1" "$? $(($(stat -c %s "$WORK/all.tar") / SIZE))"
same "tar lists it" "$SIZE" "$(tar tvf "$WORK/all.tar" | awk -v size=$SIZE '$3 == size { print $3 }')"
"$REGADM" archive --verify "$WORK/all.tar" >"$WORK/log" 2>&1
same "verified" 0 $?
"$REGADM" --root "$WORK/new" import -q "$WORK/all.tar" >"$WORK/log" 2>&1
same "restored" 0 $?
rm "$WORK/all.tar"
"$REGADM" --root "$WORK/new" export --all -q -o - | (cd "$WORK" && "$REGADM" --root "$WORK/piped" import -q - >"$WORK/log" 2>&1)
same "restored from a pipe" "0 0" "${PIPESTATUS[*]}"
for root in new piped; do
    same "$root has it" "$LAYER" "$(sha256sum <"$WORK/$root/docker/registry/v2/blobs/sha256/${LAYER:0:2}/$LAYER/data" | cut -c1-64)"
    rm -r "${WORK:?}/$root"
done
regadm export big:v1 -f docker -o "$WORK/image.tar" 2>"$WORK/log"
same "as an image" 0 $?
"$REGADM" --root "$WORK/new" import -q --layer-compression none "$WORK/image.tar" >"$WORK/log" 2>&1
same "loaded" "0 $LAYER" "$? $(sha256sum <"$WORK/new/docker/registry/v2/blobs/sha256/${LAYER:0:2}/$LAYER/data" | cut -c1-64)"
finish
