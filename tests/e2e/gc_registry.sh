#!/bin/bash
# Push, delete over HTTP and by regadm, collect, restart the registry: what is left can be pulled, what went can be
# pushed again.
# shellcheck source=tests/lib/registry.sh disable=SC2317
. "$TESTLIB/registry.sh"
need docker-registry skopeo umoci curl python3

ROOT=$WORK/root
MANIFEST='Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json'

regadm() {
    "$REGADM" --root "$ROOT" "$@"
}

field() {
    python3 -c "import json, sys; print(json.load(sys.stdin)$1)"
}

digest_of() {
    curl -sSI -H "$MANIFEST" "http://$REG/v2/$1/manifests/$2" | tr -d '\r' | awk 'tolower($1) == "docker-content-digest:" { print $2 }'
}

# Copies everything, every digest verified.
pull() {
    rm -rf "$WORK/pulled"
    skopeo copy --quiet --all --src-tls-verify=false "docker://$REG/$1" "dir:$WORK/pulled"
}

no_pull() {
    ! pull "$1"
}

blobs_of() {
    find "$ROOT/docker/registry/v2/blobs" -name data | wc -l
}

{
    for text in one two three four; do
        image_make "$WORK/layout" "$text" "text of $text"
    done
} >"$WORK/make.log" 2>&1

registry_start "$ROOT"
check push-v1 push "$WORK/layout:one" team/app:v1
check push-v2 push "$WORK/layout:two" team/app:v2
check push-old push "$WORK/layout:three" team/app:moved
check push-new push "$WORK/layout:four" team/app:moved
check push-nested push "$WORK/layout:one" team/app/nested:v1
check push-other push "$WORK/layout:three" gone/repo:v1
V1=$(digest_of team/app v1)
check delete-over-http curl -sS -f -X DELETE "http://$REG/v2/team/app/manifests/$V1"
check rm-repository regadm rm --yes -r gone/repo
registry_stop

BEFORE=$(blobs_of)
DRY=$(regadm gc --json --dry-run --min-age 0 -m 2>/dev/null | field "['blobs']['removed']")
DONE=$(regadm gc --json --yes --min-age 0 -m 2>/dev/null | field "['blobs']['removed']")
same dry-run-says-what-is-done "$DRY" "$DONE"
same blobs-are-gone "$((BEFORE - DONE))" "$(blobs_of)"
same nothing-is-left-to-do "0" "$(regadm gc --json --yes --min-age 0 -m 2>/dev/null | field "['blobs']['removed']")"

registry_start "$ROOT"
check pull-v2 pull team/app:v2
check pull-moved pull team/app:moved
check pull-nested pull team/app/nested:v1
check deleted-is-gone no_pull team/app:v1
check repository-is-gone no_pull gone/repo:v1
same catalogue '{"repositories":["team/app","team/app/nested"]}' "$(curl -sS "http://$REG/v2/_catalog")"
check push-again push "$WORK/layout:three" team/app:again
check pull-again pull team/app:again
check push-repository-again push "$WORK/layout:one" gone/repo:v1
check pull-repository-again pull gone/repo:v1
finish
