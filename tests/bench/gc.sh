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
