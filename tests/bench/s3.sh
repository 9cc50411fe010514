#!/bin/bash
# A bucket: gc -n against the registry's own collector in a dry run, at 20 ms a request, with the requests counted by
# the server; and what a listing of many keys (BENCH_KEYS, 200000) takes.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
# shellcheck source=tests/lib/bench.sh
. "$TESTLIB/bench.sh"
need docker-registry python3 curl

"$TESTLIB/rgw.sh" start "$WORK/rgw" memstore $$ >/dev/null || exit
trap '"$TESTLIB/rgw.sh" stop "$WORK/rgw"; [ -z "${PROXY:-}" ] || kill "$PROXY"; cleanup' EXIT
# shellcheck disable=SC1091
. "$WORK/rgw/env"
python3 "$TESTLIB/faultproxy.py" --to "$RGW_PORT" --delay 20 >"$WORK/port" &
PROXY=$!
until [ -s "$WORK/port" ]; do sleep 0.05; done
FAR=$(cat "$WORK/port")

# MANIFESTS manifests with a config and a layer each, one layer more, and as many tags, in four repositories.
small_tree() {
    PYTHONPATH=$TESTLIB python3 - "$1" 43 <<'PY'
import sys
from v2tree import DOCKER, Tree
tree = Tree(sys.argv[1])
shared = tree.blob(b"shared by all")
for i in range(int(sys.argv[2])):
    config, layer = tree.blob(b'{"i":%d}' % i), tree.blob(b"layer %d" % i)
    tree.image(f"team/app{i % 4}", f"t{i}", config, [layer, shared], DOCKER)
PY
}
peer_config() {
    cat <<YAML
version: 0.1
log: {level: error}
storage:
  s3: {accesskey: $AWS_ACCESS_KEY_ID, secretkey: $AWS_SECRET_ACCESS_KEY, region: us-east-1, bucket: registry, secure: false,
       v4auth: true, regionendpoint: "http://127.0.0.1:$1", rootdirectory: /small}
YAML
}
url() { echo "s3://registry/$1?endpoint=http://127.0.0.1:$2"; }

# What the server's log says that a command took.
requests() {
    local name=$1 before
    shift
    before=$("$TESTLIB/rgw.sh" requests "$WORK/rgw")
    "$@" >"$WORK/bench.out" 2>&1 || echo "FAIL $name: $(tail -n 1 "$WORK/bench.out")"
    sleep 0.3
    echo "$name: $(($("$TESTLIB/rgw.sh" requests "$WORK/rgw") - before)) requests"
}

ours() { "$REGADM" --root "$(url small "$FAR")" gc -n; }
theirs() { env -u AWS_CA_BUNDLE docker-registry garbage-collect --dry-run "$WORK/peer.yml"; }
theirs_untagged() { env -u AWS_CA_BUNDLE docker-registry garbage-collect --dry-run -m "$WORK/peer.yml"; }
ours_untagged() { "$REGADM" --root "$(url small "$FAR")" gc -n -m; }

small_tree "$WORK/small"
"$OUT/tests/lib/mkmirror" "$WORK/small" "$(url small "$RGW_PORT")"
find "$WORK/small" -name data | wc -l | sed 's/$/ blobs, 43 of them manifests/'
peer_config "$FAR" >"$WORK/peer.yml"
requests "gc -n (goal 100)" ours
requests "the registry's collector" theirs
requests "gc -n -m" ours_untagged
requests "the registry's collector, -m" theirs_untagged
compare "gc -n at 20 ms" "34, within 0.4 s" "${BENCH_RUNS:-3}" ours theirs
compare "gc -n -m at 20 ms" "130" 1 ours_untagged theirs_untagged

# Many keys: some 5.5 a blob.
"$OUT/tests/bench/mktree" "$WORK/large" $((${BENCH_KEYS:-200000} / 2200)) >/dev/null
find "$WORK/large" -type f | wc -l | sed 's/$/ keys/'
"$OUT/tests/lib/mkmirror" "$WORK/large" "$(url large "$RGW_PORT")"
requests "du" "$REGADM" --root "$(url large "$RGW_PORT")" du
in_bucket() { "$REGADM" --root "$(url large "$RGW_PORT")" ls -q; }
in_folder() { "$REGADM" --root "$WORK/large" ls -q; }
compare "ls, bucket against folder" "as the server lists" 1 in_bucket in_folder
memory "gc -n in the bucket" "$REGADM" --root "$(url large "$RGW_PORT")" gc -n
memory "gc -n in the folder" "$REGADM" --root "$WORK/large" gc -n
