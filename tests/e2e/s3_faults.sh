#!/bin/bash
# A bucket behind a bad network: every kind of fault that comes and goes is lived through with nothing lost, and those
# that stay are told in words.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need python3 curl

RGW=$WORK/rgw
"$TESTLIB/rgw.sh" start "$RGW" memstore $$ >/dev/null || exit
# shellcheck disable=SC1091
. "$RGW/env"
TOOL=$OUT/tests/lib/mkbucket
PROXY_PID=

proxy_stop() {
    [ -z "$PROXY_PID" ] || kill "$PROXY_PID" 2>/dev/null
    PROXY_PID=
}

# proxy OPTIONS...: sets URL to the bucket through a proxy with these options
proxy() {
    proxy_stop
    : >"$WORK/port"
    python3 "$TESTLIB/faultproxy.py" --to "$RGW_PORT" "$@" >"$WORK/port" &
    PROXY_PID=$!
    until [ -s "$WORK/port" ]; do sleep 0.05; done
    PREFIX=bad-$((++ROUND))
    URL="s3://registry/$PREFIX?endpoint=http://127.0.0.1:$(cat "$WORK/port")&backoff=5&chunksize=5Mi"
    export VERIFY="s3://registry/$PREFIX?endpoint=http://127.0.0.1:$RGW_PORT"
}
ROUND=0

for fault in slowdown 500 refuse reset cut long lost error200; do
    case $fault in
    # Where the server may say 200 before it knows: bulk deletes, completed uploads.
    error200) proxy --fault $fault --every 2 --match '^POST .*(delete=|uploadId=)' ;;
    # Answers in XML: that an object is whole, its digest tells, and nothing else.
    cut) proxy --fault $fault --every 2 --match '^(POST|GET .*list-type)' ;;
    # A length that comes without a body can only be believed.
    long) proxy --fault $fault --every 3 --match '^(?!HEAD)' ;;
    *) proxy --fault $fault --every 3 ;;
    esac
    check "lives through $fault" "$TOOL" "$URL"
done
proxy --delay 30
check "lives through delays" "$TOOL" "$URL"

# says NAME TEXT: the work fails, with this in the message
says() {
    local text
    text=$("$TOOL" "$URL" 2>&1) && echo "FAIL $1: it succeeded" && FAILED=1 && return
    case $text in
    *"$2"*) echo "ok $1" ;;
    *) echo "FAIL $1: $(tr '\n' ' ' <<<"$text")" && FAILED=1 ;;
    esac
}
proxy --fault 500 --every 1
says "gives up on a server that always fails" "given up after 9 attempts"
proxy --fault skewed --every 1
says "tells that the clock is off" "this machine's clock is 1 h 0 m behind the server's"
proxy --fault region --every 1
says "tells the right region" "is in region 'eu-central-7', not 'us-east-1'"
proxy --fault stray --every 1 --match '^GET .*[?&]prefix=[^&]+%2F[^&]'
says "takes no key for one that was asked for" "a key outside of what was asked for"

# Each of the other keys would be tried as often, and each be a finding.
PYTHONPATH=$TESTLIB python3 - "$WORK/many" <<'PY'
import sys
from v2tree import Tree
tree = Tree(sys.argv[1])
config = tree.blob(b"{}")
for i in range(200):
    tree.image("many", f"t{i}", config, [], annotations={"i": str(i)})
PY
many="s3://registry/many?endpoint=http://127.0.0.1:$RGW_PORT"
"$REGADM" copy -q "$WORK/many" "$many" || exit
proxy --fault gone --every 100
"$REGADM" --root "${URL/bad-*\?/many?}" gc -n >"$WORK/gone" 2>&1
status=$?
check "ends when nobody can be reached any more" test $status -eq 3
check "says so once" grep -q "^regadm: .*given up after 9 attempts\|^regadm: .*cannot be reached any more" "$WORK/gone"
check "and not once a key" test "$(wc -l <"$WORK/gone")" -le 40
"$REGADM" --root "$many" fsck -q
check "and the bucket is sound" test $? -eq 0
proxy
export AWS_SECRET_ACCESS_KEY=wrong
says "tells that the secret is wrong" "the secret key is wrong"
proxy_stop
finish
