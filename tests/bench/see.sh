#!/bin/bash
# ls and tags of a whole registry against asking the running registry for the same over HTTP, and against the bare walk.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
# shellcheck source=tests/lib/bench.sh
. "$TESTLIB/bench.sh"
need docker-registry python3
bench_tree
registry_start "$TREE"

# Names, tags and the bytes of every tag's manifest and what it names, on four connections. LIMIT: tags a repository.
cat >"$WORK/ask.py" <<'PY'
import http.client, json, sys, threading
from concurrent.futures import ThreadPoolExecutor
address, limit = sys.argv[1], int(sys.argv[2])
mine = threading.local()
accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"
def get(path):
    if not hasattr(mine, "c"):
        mine.c = http.client.HTTPConnection(address)
    mine.c.request("GET", "/v2/" + path, headers={"Accept": accept})
    return json.loads(mine.c.getresponse().read())
def size(repo, name):
    m = get(f"{repo}/manifests/{name}")
    return sum(size(repo, c["digest"]) for c in m.get("manifests", [])) + sum(d["size"] for d in [*m.get("layers", []), m.get("config", {"size": 0})])
def one(repo):
    return repo, sum(size(repo, tag) for tag in get(f"{repo}/tags/list")["tags"][:limit])
repos, last = [], ""
while page := get(f"_catalog?n=100&last={last}")["repositories"]:
    repos, last = repos + page, page[-1]
with ThreadPoolExecutor(4) as pool:
    print(*pool.map(one, repos), sep="\n")
PY

ours_ls() { "$REGADM" --root "$TREE" ls; }
ours_names() { "$REGADM" --root "$TREE" ls -q; }
mapfile -t REPOS < <("$REGADM" --root "$TREE" ls -q)
ours_tags() { "$REGADM" --root "$TREE" tags "${REPOS[@]}"; }
asked_all() { python3 "$WORK/ask.py" "$REG" 1000; }
asked_names() { python3 "$WORK/ask.py" "$REG" 0; }
walked() { find "$TREE/docker/registry/v2/repositories" -name _manifests -prune -o -name _layers -prune -o -name _uploads -prune -o -type d -print; }

compare "ls with sizes, the registry asked" 20 3 ours_ls asked_all
compare "tags of all, the registry asked" 20 3 ours_tags asked_all
compare "ls -q, the registry asked for lists" 20 3 ours_names asked_names
compare "ls -q, the bare walk by find" 0.5 5 ours_names walked
memory "ls" "$REGADM" --root "$TREE" ls
memory "tags" "$REGADM" --root "$TREE" tags "${REPOS[@]}"
