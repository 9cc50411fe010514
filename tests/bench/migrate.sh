#!/bin/bash
# migrate-v1 of gzip layers against the plain tools: `sha256sum` and `gzip -dc | sha256sum` of each layer, two layers at
# a time. Prints the ratio of the medians of three runs each.
set -euo pipefail
regadm=${REGADM:-build/release/regadm}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/regadm-bench-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
layers=${LAYERS:-24} megabytes=${MEGABYTES:-12}

PYTHONPATH="$here/../lib" python3 - "$scratch/v1" "$layers" "$megabytes" <<'PY'
import random
import sys
from v1tree import Tree, gz, tar
root, layers, megabytes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
tree, parent, words = Tree(root), None, [random.Random(1).randbytes(n % 9 + 3).hex().encode() for n in range(4000)]
for n in range(layers):
    r = random.Random(n)
    files = {f"usr/share/{n}/{k}": b" ".join(r.choices(words, k=20000)) + r.randbytes(60000)
             for k in range(megabytes * 3)}
    parent = tree.image(f"bench {n}", parent=None if n % 8 == 0 else parent, layer=gz(tar(files)))
    tree.tag(f"bench/r{n // 8}", f"t{n % 8}", parent)
PY

seconds() { # the median of three runs
    for _ in 1 2 3; do
        rm -rf "$scratch/out"
        local from; from=$(date +%s.%N)
        "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
        echo "$from $(date +%s.%N)" | awk '{print $2 - $1}'
    done | sort -n | sed -n 2p
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

one() { sha256sum "$1" && gzip -dc "$1" | sha256sum; }
export -f one
peer() { find "$scratch/v1/images" -name layer -print0 | xargs -0 -P2 -I{} bash -c 'one {}'; }
migrate() { "$regadm" --root "$scratch/out" migrate-v1 -q "$scratch/v1"; }
again() { migrate && "$regadm" --root "$scratch/out" migrate-v1 -q "$scratch/v1"; }

peer=$(seconds peer)
ours=$(seconds migrate)
dry=$(seconds "$regadm" --root "$scratch/out" migrate-v1 -nq "$scratch/v1")
memory=$({ /usr/bin/time -f %M "$regadm" --root "$scratch/out" migrate-v1 -nq "$scratch/v1" >/dev/null; } 2>&1 | tail -1 || true)
bytes=$(du -sb "$scratch/v1/images" | cut -f1)
echo "migrate-v1: $(du -sh "$scratch/v1/images" | cut -f1) of gzip layers; the tools ${peer} s, migrate-v1 ${ours} s, its dry run ${dry} s"
echo "ratio migrate-v1 $(ratio "$peer" "$ours")"
echo "ratio migrate-v1-dry-run $(ratio "$peer" "$dry")"
echo "memory migrate-v1 ${memory:-unknown} kB ($bytes bytes of layers)"
