# shellcheck shell=bash
# For end-to-end tests, sourced: real parts on loopback. Checks print "ok NAME" or "FAIL NAME: why".
#
#   need PROGRAM...            ends the test as skipped when one is missing
#   check NAME COMMAND...      one check: the command succeeds
#   same NAME WANT GOT         one check: the texts are equal
#   registry_start ROOT        docker-registry on ROOT; sets PORT and REG (127.0.0.1:PORT); CONFIG_MORE: YAML to append
#   registry_stop
#   image_make LAYOUT TAG TEXT [ARCH]   one image of one or two small layers (umoci), TEXT makes it different
#   index_make LAYOUT TAG FROM:ARCH...  a multi-platform index TAG of images that are in the layout; it is left alone there
#   push LAYOUT:TAG REPO:TAG [skopeo options]
#   finish                     the exit status of the test
set -u

WORK=$(mktemp -d)
FAILED=0
REGISTRY_PID=

cleanup() {
    registry_stop
    rm -rf "$WORK"
}
trap cleanup EXIT

need() {
    local program
    for program; do
        command -v "$program" >/dev/null || {
            echo "skip: $program is not installed"
            exit 77
        }
    done
}

check() {
    local name=$1
    shift
    if "$@" >"$WORK/check.log" 2>&1; then
        echo "ok $name"
    else
        echo "FAIL $name: $* (status $?): $(tail -n 3 "$WORK/check.log" | tr '\n' ' ')"
        FAILED=1
    fi
}

same() {
    if [ "$2" = "$3" ]; then
        echo "ok $1"
    else
        echo "FAIL $1: wanted $(printf %q "${2:0:300}") but got $(printf %q "${3:0:300}")"
        FAILED=1
    fi
}

finish() {
    exit "$FAILED"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

registry_config() {
    cat <<YAML
version: 0.1
log: {level: error}
storage:
  filesystem: {rootdirectory: $1}
  delete: {enabled: true}
http: {addr: 127.0.0.1:$PORT}
${CONFIG_MORE:-}
YAML
}

registry_start() {
    PORT=$(free_port)
    REG=127.0.0.1:$PORT
    registry_config "$1" >"$WORK/config.yml"
    env -u AWS_CA_BUNDLE docker-registry serve "$WORK/config.yml" >>"$WORK/registry.log" 2>&1 &
    REGISTRY_PID=$!
    local tries
    for tries in $(seq 100); do
        curl -so /dev/null "http://$REG/v2/" && return 0
        kill -0 "$REGISTRY_PID" 2>/dev/null || break
        sleep 0.1
    done
    echo "FAIL registry start: after $tries tries: $(tail -n 3 "$WORK/registry.log")"
    exit 1
}

registry_stop() {
    [ -n "$REGISTRY_PID" ] || return 0
    kill "$REGISTRY_PID" 2>/dev/null
    wait "$REGISTRY_PID" 2>/dev/null
    REGISTRY_PID=
}

image_make() {
    local layout=$1 tag=$2 text=$3 arch=${4:-amd64} file
    file=$(mktemp -p "$WORK")
    [ -d "$layout" ] || umoci init --layout "$layout" >&2
    umoci new --image "$layout:$tag" >&2
    umoci config --image "$layout:$tag" --architecture "$arch" --os linux --config.label "text=$text" \
        --created 2026-01-02T03:04:05Z >&2
    echo "shared by all" >"$file"
    umoci insert --rootless --image "$layout:$tag" "$file" /shared >&2
    echo "$text" >"$file"
    umoci insert --rootless --image "$layout:$tag" "$file" /text >&2
}

index_make() {
    python3 - "$@" <<'PY'
import hashlib, json, sys
layout, name, *parts = sys.argv[1:]
index = json.load(open(f"{layout}/index.json"))
by_tag = {m["annotations"]["org.opencontainers.image.ref.name"]: m for m in index["manifests"]}
children = []
for part in parts:
    tag, arch = part.split(":")
    m = by_tag[tag]
    children.append({"mediaType": m["mediaType"], "digest": m["digest"], "size": m["size"],
                     "platform": {"os": "linux", "architecture": arch}})
body = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": children}).encode()
digest = hashlib.sha256(body).hexdigest()
open(f"{layout}/blobs/sha256/{digest}", "wb").write(body)
index["manifests"] = [{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:" + digest, "size": len(body),
                       "annotations": {"org.opencontainers.image.ref.name": name}}]
json.dump(index, open(f"{layout}/index.json", "w"))
PY
}

push() {
    local from=$1 to=$2
    shift 2
    skopeo copy --quiet --dest-tls-verify=false "$@" "oci:$from" "docker://$REG/$to" 2>>"$WORK/skopeo.log" ||
        skopeo copy --dest-tls-verify=false "$@" "oci:$from" "docker://$REG/$to" >>"$WORK/skopeo.log" 2>&1
}
