#!/bin/bash
# A day in the life of a registry: users, pushes, old data, deletions, collection, backups, the loss of everything, and
# the restore. What is pulled at the end is what was pulled before.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need docker-registry skopeo umoci curl python3

ROOT=$WORK/root
USERS=$WORK/auth/htpasswd
A='Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json'
AS=(-u alice:secret)

# The configuration of the guides; regadm finds the storage and the users through it.
registry_config() {
    cat <<YAML
version: 0.1
log: {level: error}
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: $1
  delete:
    enabled: true
auth:
  htpasswd:
    realm: basic-realm
    path: $USERS
http:
  addr: 127.0.0.1:$PORT
  headers:
    X-Content-Type-Options: [nosniff]
YAML
}
regadm() { "$REGADM" --config "$WORK/config.yml" "$@"; }
field() { python3 -c "import json, sys; j = json.load(sys.stdin); print($1)"; }
status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
get() { curl -sS "${AS[@]}" -H "$A" "http://$REG/v2/$1"; }
put() { push "$@" --dest-creds alice:secret; }
fails() { ! "$@"; }
# Every file, with its bytes, of the whole storage.
tree() { (cd "$ROOT" && find . -type d | sort && find . ! -type d -print0 | sort -z | xargs -0 sha256sum); }
# Every tag that the registry itself lists.
references() {
    get _catalog | field '"\n".join(j["repositories"])' | while read -r repo; do
        get "$repo/tags/list" | field '"\n".join(sorted(j["name"] + ":" + t for t in j["tags"] or []))'
    done | grep .
}
# Every tag with the digest of all that it leads to: manifests, configs and layers, as they come over the wire.
pull_everything() {
    local ref dir
    references >"$WORK/references"
    while read -r ref; do
        dir=$(mktemp -d -p "$WORK")
        skopeo copy --quiet --all --preserve-digests --src-tls-verify=false --src-creds alice:secret "docker://$REG/$ref" "dir:$dir" \
            >>"$WORK/pull.log" 2>&1 || echo "$ref: cannot be pulled: $(tail -n1 "$WORK/pull.log")"
        (cd "$dir" && find . -type f | sort | xargs sha256sum | sed "s|^|$ref |")
        rm -rf "$dir"
    done <"$WORK/references"
}

# --- morning: users, and a registry that knows them
mkdir "$WORK/auth" && touch "$USERS"
check "the line of every guide makes a user" bash -c "'$REGADM' htpasswd -Bbn alice secret >>'$USERS'"
registry_start "$ROOT"
same "nobody comes in without a password" 401 "$(status "http://$REG/v2/")"
same "alice does" 200 "$(status "${AS[@]}" "http://$REG/v2/")"
check "another user, through the configuration" bash -c "'$REGADM' htpasswd --config '$WORK/config.yml' -b bob builder"
same "bob comes in at once" 200 "$(status -u bob:builder "http://$REG/v2/")"

# --- people push
{
    for n in 1 2 3; do image_make "$WORK/app" "$n" "application $n"; done
    image_make "$WORK/web" amd64 "for amd64" amd64
    image_make "$WORK/web" arm64 "for arm64" arm64
    index_make "$WORK/web" both amd64:amd64 arm64:arm64
} >"$WORK/make.log" 2>&1
check "a push without a password is refused" fails push "$WORK/app:1" team/app:1.0
check "push 1.0" put "$WORK/app:1" team/app:1.0 --format v2s2
check "push 1.1" put "$WORK/app:2" team/app:1.1 --format v2s2
check "push latest" put "$WORK/app:2" team/app:latest --format v2s2
check "push under another name" put "$WORK/app:1" mirror/team/app:1.0 --format oci
check "push two platforms" put "$WORK/web:both" team/web:v1 --all
check "push what will go" put "$WORK/app:3" old/thing:v1 --format oci

# --- the old registry's data beside it
PYTHONPATH=$TESTLIB python3 - "$WORK/v1" <<'PY'
import sys
from v1tree import EMPTY, Tree, gz, tar
t = Tree(sys.argv[1])
base = t.image("base", layer=gz(tar({"etc/": b"", "etc/motd": b"from 2014\n"})))
top = t.image("top", parent=base, layer=EMPTY, cmd="#(nop) CMD [sh]", throwaway=True)
t.tag("library/legacy", "trusty", base)
t.tag("team/legacy", "1", top)
t.tag("team/legacy", "latest", top)
PY
check "migrate the old registry" regadm migrate-v1 "$WORK/v1"
get _catalog >"$WORK/catalog"
same "the running registry lists both" "legacy mirror/team/app old/thing team/app team/legacy team/web" \
    "$(field '" ".join(j["repositories"])' <"$WORK/catalog")"
same "regadm lists the same" "$(references)" \
    "$(regadm ls -q | while read -r repo; do regadm tags -q "$repo" | sed "s|^|$repo:|"; done)"
skopeo copy --quiet --src-tls-verify=false --src-creds alice:secret "docker://$REG/team/legacy:1" "oci:$WORK/legacy:x" 2>"$WORK/pull.log"
check "what was migrated unpacks" umoci unpack --rootless --image "$WORK/legacy:x" "$WORK/bundle"
same "and is what it was" "from 2014" "$(cat "$WORK/bundle/rootfs/etc/motd")"
check "a backup while the registry serves" regadm export --all -o "$WORK/monday.tar"

# --- afternoon: pushes go on, tags are deleted, the space comes back
check "a tag moves" put "$WORK/app:3" team/app:latest --format v2s2
check "a new tag" put "$WORK/web:both" team/web:v2 --all
check "rm removes one tag" regadm rm --yes mirror/team/app:1.0
check "and a repository" regadm rm --yes -r old/thing
digest=$(regadm inspect --json team/app:1.0 | field 'j["digest"]')
same "the registry deletes one over HTTP" 202 "$(status "${AS[@]}" -X DELETE "http://$REG/v2/team/app/manifests/$digest")"
registry_stop

tree >"$WORK/before"
regadm gc -n --min-age 0 -m --json >"$WORK/dry.json" 2>"$WORK/log"
same "a dry run of gc" 0 $?
tree >"$WORK/after"
check "changes nothing" cmp "$WORK/before" "$WORK/after"
regadm gc --yes --min-age 0 -m --json >"$WORK/gc.json" 2>"$WORK/log"
same "gc" 0 $?
counts='[j[k]["removed"] for k in ("revisions", "layer_links", "blobs", "uploads")]'
same "does what the dry run said" "$(field "$counts" <"$WORK/dry.json")" "$(field "$counts" <"$WORK/gc.json")"
check "and it was something" test "$(field 'j["blobs"]["removed"]' <"$WORK/gc.json")" -ge 3
check "fsck finds nothing" regadm fsck
same "du counts what is on the disk" "$(find "$ROOT/docker/registry/v2/blobs" -name data -printf '%s\n' | awk '{ n += $1 } END { print n }')" \
    "$(regadm du --json | field 'j["bytes"]')"
same "nothing is left to collect" 0 "$(regadm du --min-age 0 --json | field 'j["reclaimable_bytes"]')"

registry_start "$ROOT"
same "who was deleted is gone" 404 "$(status "${AS[@]}" -H "$A" "http://$REG/v2/team/app/manifests/1.0")"
pull_everything >"$WORK/before"
same "the registry has these" "legacy:trusty team/app:1.1 team/app:latest team/legacy:1 team/legacy:latest team/web:v1 team/web:v2" \
    "$(tr '\n' ' ' <"$WORK/references" | sed 's/ $//')"
check "all can be pulled" fails grep "cannot be pulled" "$WORK/before"
check "an increment to the backup" regadm export --all --since "$WORK/monday.tar" -o "$WORK/tuesday.tar"
check "is smaller" test "$(stat -c %s "$WORK/tuesday.tar")" -lt "$(stat -c %s "$WORK/monday.tar")"
check "both are whole" bash -c "'$REGADM' archive --verify '$WORK/monday.tar' && '$REGADM' archive --verify '$WORK/tuesday.tar'"
state=$(regadm tags --json team/app team/web legacy team/legacy)
registry_stop

# --- night: everything is lost
rm -rf "$ROOT"
check "without a root nothing can be listed" fails regadm ls
check "restore the backup" regadm import --yes "$WORK/monday.tar"
check "and the increment" regadm import --yes --mirror "$WORK/tuesday.tar"
check "fsck finds nothing" regadm fsck
registry_start "$ROOT"
pull_everything >"$WORK/after"
check "everything is pulled again, the same bytes" cmp "$WORK/before" "$WORK/after"
dates='[(r["name"], [(t["tag"], t["digest"], t["created"], t["bytes"]) for t in r["tags"]]) for r in j["repositories"]]'
same "tags, digests, dates and sizes are those" "$(field "$dates" <<<"$state")" \
    "$(regadm tags --json team/app team/web legacy team/legacy | field "$dates")"
check "pushes go on" put "$WORK/app:1" team/app:1.2 --format v2s2
registry_stop
check "and gc removes nothing that counts" regadm gc --yes --min-age 0
check "fsck, for good night" regadm fsck
finish
