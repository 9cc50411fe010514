#!/bin/bash
# gc -n against the registry's own collector in a dry run, on the same tree.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
# shellcheck source=tests/lib/bench.sh
. "$TESTLIB/bench.sh"
need docker-registry
bench_tree
PORT=0
registry_config "$TREE" >"$WORK/config.yml"

ours() { "$REGADM" --root "$TREE" gc -n -y; }
ours_untagged() { "$REGADM" --root "$TREE" gc -n -y --delete-untagged; }
theirs() { docker-registry garbage-collect --dry-run "$WORK/config.yml"; }
theirs_untagged() { docker-registry garbage-collect --dry-run --delete-untagged "$WORK/config.yml"; }

compare "gc -n" 40 1 ours theirs
compare "gc -n --delete-untagged" 80 1 ours_untagged theirs_untagged
memory "gc -n" "$REGADM" --root "$TREE" gc -n -y
memory "the registry's collector" docker-registry garbage-collect --dry-run "$WORK/config.yml"

# Nothing is read twice, so that a cold cache counts as much as the disk does.
compare_cold "gc -n, cold cache" 25 ours theirs

# One repository with N tags and N untagged revisions.
many_tags() {
    PYTHONPATH=$TESTLIB python3 - "$1" "$2" <<'PY'
import sys
from v2tree import Tree
tree = Tree(sys.argv[1])
config = tree.blob(b"{}")
for i in range(2 * int(sys.argv[2])):
    tree.image("many", f"t{i}" if i % 2 else None, config, [], annotations={"i": str(i)})
PY
}
for n in 500 2000; do
    many_tags "$WORK/many-$n" "$n"
    registry_config "$WORK/many-$n" >"$WORK/many.yml"
    ours_many() { "$REGADM" --root "$WORK/many-$n" gc -n -y -m; }
    theirs_many() { docker-registry garbage-collect --dry-run -m "$WORK/many.yml"; }
    compare "gc -n -m, $n tags in one repository" "$n / 2" 1 ours_many theirs_many
done

# Deleting, against rm -rf of the same folders.
"$OUT/tests/bench/mktree" "$WORK/ours-tree" 40 >/dev/null
cp -r "$WORK/ours-tree" "$WORK/rm-tree"
"$REGADM" --root "$WORK/ours-tree" gc -n -v -y -m --min-age 0 2>/dev/null | grep '^docker/' | sed "s|/[^/]*$||; s|^|$WORK/rm-tree/|" >"$WORK/doomed"
wc -l <"$WORK/doomed" | sed 's/$/ folders to remove/'
ours_delete() { "$REGADM" --root "$WORK/ours-tree" gc -q -y -m --min-age 0; }
rm_delete() { xargs rm -rf <"$WORK/doomed"; }
compare "gc, against rm -rf of what it removes" 1 1 ours_delete rm_delete

# Four times the tree, four times the work.
"$OUT/tests/bench/mktree" "$WORK/quarter" 100 >/dev/null
quarter() { "$REGADM" --root "$WORK/quarter" gc -n -y; }
compare "a quarter of the tree, against the whole" "4 where the whole has 400 repositories" 3 quarter ours
memory "gc -n on a quarter of the tree" "$REGADM" --root "$WORK/quarter" gc -n -y
