#!/bin/bash
# ls, tags and inspect against what a real registry says of the same storage.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need docker-registry skopeo umoci curl python3

ROOT=$WORK/root
A='Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json'

regadm() {
    "$REGADM" --root "$ROOT" "$@"
}

get() {
    curl -sS -H "$A" "http://$REG/v2/$1"
}

field() {
    python3 -c "import json, sys; print($1)"
}

{
    image_make "$WORK/one" v1 first
    image_make "$WORK/one" v2 second
    image_make "$WORK/multi" one-amd64 "on amd64" amd64
    image_make "$WORK/multi" one-arm64 "on arm64" arm64
    index_make "$WORK/multi" multi one-amd64:amd64 one-arm64:arm64
} >"$WORK/make.log" 2>&1
registry_start "$ROOT"
check "push an OCI image" push "$WORK/one:v1" team/app:v1 --format oci
check "push a Docker image" push "$WORK/one:v1" team/app:v1-docker --format v2s2
check "push a second tag" push "$WORK/one:v2" team/app:v2 --format oci
check "push under a second name" push "$WORK/one:v1" other:v1 --format oci
check "push a multi-platform index" push "$WORK/multi:multi" team/app/multi:latest --all
check "push nested repositories" push "$WORK/one:v2" team:latest --format oci

same "ls is the catalogue" "$(get _catalog | field '"\n".join(json.load(sys.stdin)["repositories"])')" "$(regadm ls -q)"
for repo in $(regadm ls -q); do
    same "tags of $repo are the registry's" "$(get "$repo/tags/list" | field '"\n".join(sorted(json.load(sys.stdin)["tags"]))')" \
        "$(regadm tags -q "$repo")"
    for tag in $(regadm tags -q "$repo"); do
        get "$repo/manifests/$tag" >"$WORK/want"
        regadm inspect --raw "$repo:$tag" >"$WORK/got"
        check "manifest of $repo:$tag, byte for byte" cmp "$WORK/want" "$WORK/got"
        same "digest of $repo:$tag" "sha256:$(sha256sum <"$WORK/want" | cut -d' ' -f1)" \
            "$(regadm inspect --json "$repo:$tag" | field 'json.load(sys.stdin)["digest"]')"
        config=$(field 'json.load(sys.stdin).get("config", {}).get("digest", "")' <"$WORK/want")
        if [ -n "$config" ]; then
            get "$repo/blobs/$config" >"$WORK/want"
            regadm inspect --config "$repo:$tag" >"$WORK/got"
            check "config of $repo:$tag, byte for byte" cmp "$WORK/want" "$WORK/got"
        fi
    done
done
same "kinds" "image image image" "$(regadm tags --json team/app | field '" ".join(t["kind"] for t in json.load(sys.stdin)["repositories"][0]["tags"])')"
same "platforms" "linux/amd64 linux/arm64" \
    "$(regadm tags --json team/app/multi | field '" ".join(json.load(sys.stdin)["repositories"][0]["tags"][0]["platforms"])')"
same "a platform of an index" arm64 "$(regadm inspect --config --platform linux/arm64 team/app/multi | field 'json.load(sys.stdin)["architecture"]')"
same "other tags on a digest are told" v1 "$(regadm inspect --json other:v1 | field 'json.load(sys.stdin)["tag"]')"
check "nothing is amiss" regadm tags team/app other team team/app/multi

digest=$(regadm inspect --json team/app:v2 | field 'json.load(sys.stdin)["digest"]')
check "delete over HTTP" curl -fsS -X DELETE "http://$REG/v2/team/app/manifests/$digest"
same "a deleted manifest takes its tag along" "v1 v1-docker" "$(regadm tags -q team/app | tr '\n' ' ' | sed 's/ $//')"
same "ls counts one revision less" 2 "$(regadm ls --json team/app | field '[r["revisions"] for r in json.load(sys.stdin)["repositories"] if r["name"] == "team/app"][0]')"
finish
