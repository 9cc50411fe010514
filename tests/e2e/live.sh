#!/bin/bash
# A registry that serves and is pushed to all the time, while gc, export, fsck, rm and the rest run beside it with their
# default options: no tagged image is ever broken. LIVE_SECONDS says for how long (20).
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need docker-registry curl python3
ROOT=$WORK/root
SECONDS_LONG=${LIVE_SECONDS:-20}
regadm() { "$REGADM" --root "$ROOT" "$@"; }

# push FOR_SECONDS PREFIX: pushes images of three fresh blobs and one that all share, as fast as the registry takes
# them, each under two tags, one of which moves; then looks whether it can be pulled. Writes down what it did.
cat >"$WORK/push.py" <<'PY'
import hashlib, http.client, json, os, random, sys, time
address, seconds, prefix, log = sys.argv[1], float(sys.argv[2]), sys.argv[3], open(sys.argv[4], "a")
c = http.client.HTTPConnection(address)
def ask(method, path, body=None, **headers):
    c.request(method, path, body=body, headers=headers)
    r = c.getresponse()
    return r.status, r.headers, r.read()
def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()
def blob(repo, data):
    d = digest(data)
    if ask("HEAD", f"/v2/{repo}/blobs/{d}")[0] != 200:
        status, headers, body = ask("POST", f"/v2/{repo}/blobs/uploads/", b"")
        assert status == 202, (status, body)
        place = headers["Location"].split(address, 1)[-1]
        status, _, body = ask("PUT", place + ("&" if "?" in place else "?") + "digest=" + d, data, **{"Content-Type": "application/octet-stream"})
        assert status == 201, (status, body)
    return {"digest": d, "size": len(data)}
shared = b"shared by all of this run" * 1000
TYPE = "application/vnd.oci.image."
end, n = time.time() + seconds, 0
while time.time() < end:
    n += 1
    repo, tag = f"live/{prefix}{n % 3}", f"v{n}"
    layers = [{"mediaType": TYPE + "layer.v1.tar", **blob(repo, data)} for data in (shared, random.randbytes(3000), random.randbytes(90000))]
    config = blob(repo, json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers",
        "diff_ids": [l["digest"] for l in layers]}}).encode())
    manifest = json.dumps({"schemaVersion": 2, "mediaType": TYPE + "manifest.v1+json",
        "config": {"mediaType": TYPE + "config.v1+json", **config}, "layers": layers}).encode()
    for name in (tag, "latest"):
        status, _, body = ask("PUT", f"/v2/{repo}/manifests/{name}", manifest, **{"Content-Type": TYPE + "manifest.v1+json"})
        assert status == 201, (status, body)
    print(f"{repo}:{tag} {digest(manifest)}", file=log, flush=True)
    if n % 5 == 0:
        status, _, body = ask("GET", f"/v2/{repo}/blobs/{layers[2]['digest']}")
        assert status == 200 and digest(body) == layers[2]["digest"], status
PY
# Every tag that the registry lists, with all that it leads to, over HTTP.
cat >"$WORK/pull.py" <<'PY'
import hashlib, http.client, json, sys
c = http.client.HTTPConnection(sys.argv[1])
def get(path):
    c.request("GET", path, headers={"Accept": "application/vnd.oci.image.manifest.v1+json"})
    r = c.getresponse()
    return r.status, r.read()
def whole(repo, kind, ref):
    status, body = get(f"/v2/{repo}/{kind}/{ref}")
    return body if status == 200 and ("sha256:" + hashlib.sha256(body).hexdigest() == ref or ":" not in ref) else None
seen, bad, tags = {}, [], 0
for repo in json.loads(get("/v2/_catalog?n=100")[1])["repositories"]:
    for tag in json.loads(get(f"/v2/{repo}/tags/list")[1])["tags"] or []:
        tags += 1
        body = whole(repo, "manifests", tag)
        if body is None:
            bad.append(f"{repo}:{tag} has no manifest")
            continue
        m = json.loads(body)
        for d in [m["config"], *m["layers"]]:
            key = (repo, d["digest"])
            if key not in seen:
                seen[key] = whole(repo, "blobs", d["digest"]) is not None
            if not seen[key]:
                bad.append(f"{repo}:{tag} lacks {d['digest']}")
print(f"{tags} tags, {len(seen)} blobs: {'; '.join(bad[:5]) or 'all whole'}")
sys.exit(bool(bad) or tags == 0)
PY
pull() { python3 "$WORK/pull.py" "$REG"; }
pusher() { python3 "$WORK/push.py" "$REG" "$1" "$2" "$WORK/pushed.$2" 2>"$WORK/push.$2.err"; }

registry_start "$ROOT"
# Garbage that is old enough, so that the collections have something to do.
pusher 2 old
regadm ls -q | while read -r repo; do regadm rm --yes -r "$repo" >"$WORK/log" 2>&1; done
find "$ROOT" -exec touch -h -d '3 days ago' {} +
GARBAGE=$(find "$ROOT" -name data | wc -l)
check "there is garbage" test "$GARBAGE" -gt 10

pusher "$SECONDS_LONG" a & A=$!
pusher "$SECONDS_LONG" b & B=$!
declare -A runs other
# beside NAME ARGUMENTS...: one run; what does not end with 0 is counted and written down.
beside() {
    local name=$1 code
    shift
    regadm "$@" >"$WORK/out" 2>&1
    code=$?
    runs[$name]=$((${runs[$name]:-0} + 1))
    [ $code = 0 ] && return
    other[$name]=$((${other[$name]:-0} + 1))
    { echo "== $name: $*: $code" && grep -v "^ok" "$WORK/out" | tail -n 6; } >>"$WORK/others"
}
: >"$WORK/others"
while kill -0 $A 2>/dev/null || kill -0 $B 2>/dev/null; do
    beside gc gc --yes
    beside export export --all -o "$WORK/live.tar"
    beside fsck fsck
    beside gc-untagged gc --yes -m
    # A tag that is done with, by name; its image goes later.
    victim=$(cut -d' ' -f1 "$WORK/pushed.a" 2>/dev/null | sed -n "$((RANDOM % 20 + 1))p")
    if [ -n "$victim" ] && regadm inspect --json "$victim" >"$WORK/out" 2>&1; then beside rm rm --yes "$victim"; fi
    beside du du
    beside quick fsck --quick
done
wait $A
same "the first pusher was never refused: $(tail -n1 "$WORK/push.a.err")" 0 $?
wait $B
same "nor the second: $(tail -n1 "$WORK/push.b.err")" 0 $?
check "every tag can be pulled, every byte" pull
PULLED=$(pull)
for name in gc gc-untagged export fsck quick rm du; do
    same "$name, with default options, always ended with 0" 0 "${other[$name]:-0}"
done
cat "$WORK/others"
check "the old garbage is gone" test "$(find "$ROOT" -name data -mtime +1 | wc -l)" = 0
check "the last backup is whole" regadm archive --verify "$WORK/live.tar"
check "and can be restored" "$REGADM" --root "$WORK/restored" import --yes "$WORK/live.tar"
check "to something sound" "$REGADM" --root "$WORK/restored" fsck
registry_stop
check "so is what served" regadm fsck
registry_start "$ROOT"
check "a registry started afresh serves all of it" pull
echo "   $SECONDS_LONG s: $(cat "$WORK"/pushed.[ab] | wc -l) pushes; runs: $(for name in "${!runs[@]}"; do echo -n "$name ${runs[$name]}, "; done)garbage $GARBAGE blobs; $PULLED"
finish
