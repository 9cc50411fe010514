#!/bin/bash
# A real S3 server for tests: Ceph's radosgw with one monitor and one OSD in memory, on loopback.
#
#   rgw.sh start DIR [memstore|bluestore [PID]]   starts it and prints environment to source: RGW_PORT, RGW_DIR,
#                                           AWS_..., REGADM_TEST_S3_URL. Exit status 77 when it cannot be had here.
#                                           It is stopped when the process PID has ended, however that did.
#   rgw.sh stop DIR                         ends it and removes DIR
#   rgw.sh bucket DIR NAME                  makes a bucket
#   rgw.sh requests DIR                     how many requests it has answered
#
# Missing packages are installed when this is root and REGADM_TEST_INSTALL is not "no". bluestore keeps its data when
# it is killed, memstore does not. 31 ports are taken from a free block.
set -eu

PACKAGES="radosgw ceph-mon ceph-osd ceph-common"
FSID=11111111-2222-3333-4444-555555555555
ACCESS=testkey SECRET=testsecret BUCKET=registry

skip() {
    echo "skip: $*" >&2
    exit 77
}

installed() {
    local program
    for program in radosgw radosgw-admin ceph-mon ceph-osd monmaptool ceph curl; do
        command -v "$program" >/dev/null || return 1
    done
}

provide() {
    installed && return
    if [ "${REGADM_TEST_INSTALL:-yes}" = no ] || [ "$(id -u)" != 0 ]; then skip "radosgw is not installed"; fi
    command -v apt-get >/dev/null || skip "radosgw is not installed, and there is no apt-get"
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $PACKAGES curl >&2 ||
        skip "radosgw cannot be installed"
}

# A block of ports of which none is in use: the first is the gateway's, the others are Ceph's own.
free_block() {
    python3 - <<'PY'
import random, socket
def free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
while True:
    base = random.randrange(11000, 31000, 32)
    if all(free(base + i) for i in range(31)):
        print(base)
        break
PY
}

write_config() {
    cat >"$DIR/ceph.conf" <<C
[global]
fsid = $FSID
mon host = [v2:127.0.0.1:$((PORT + 1))/0]
ms bind msgr1 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind port min = $((PORT + 10))
ms bind port max = $((PORT + 30))
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
paxos propose interval = 0.02
paxos min wait = 0.01
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 2
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = $KIND
memstore device bytes = 4294967296
bluestore block size = 4294967296
mon data = $DIR/mon
osd data = $DIR/osd
run dir = $DIR/run
log file = $DIR/\$name.log
admin socket = $DIR/run/\$name.asok
crash dir = $DIR/run
[client.rgw]
rgw data = $DIR/rgw
ms mon client mode = crc
rgw frontends = beast endpoint=127.0.0.1:$PORT tcp_nodelay=1
rgw enable usage log = false
debug rgw = 1
C
}

start_ceph() {
    monmaptool --create --fsid $FSID --addv a "[v2:127.0.0.1:$((PORT + 1))/0]" "$DIR/monmap"
    timeout 60 ceph-mon --mkfs -i a --monmap "$DIR/monmap"
    timeout 60 ceph-mon -i a --pid-file "$DIR/run/mon.pid"
    local uuid
    uuid=$(cat /proc/sys/kernel/random/uuid)
    ceph --connect-timeout 20 osd new "$uuid"
    mkdir -p "$DIR/osd"
    timeout 60 ceph-osd -i 0 --mkfs --osd-uuid "$uuid"
    timeout 60 ceph-osd -i 0 --pid-file "$DIR/run/osd.pid"
    timeout 60 radosgw -n client.rgw --pid-file "$DIR/run/rgw.pid"
}

wait_for_answer() {
    for _ in $(seq 300); do
        curl --noproxy '*' -so /dev/null --max-time 2 "http://127.0.0.1:$PORT/" && return
        sleep 0.1
    done
    skip "radosgw did not answer within 30 s: $(tail -n 1 "$DIR/client.rgw.log")"
}

environment() {
    cat <<E
export RGW_DIR='$DIR' RGW_PORT=$PORT
export AWS_ACCESS_KEY_ID=$ACCESS AWS_SECRET_ACCESS_KEY=$SECRET
unset AWS_SESSION_TOKEN AWS_PROFILE AWS_CA_BUNDLE
export REGADM_TEST_S3_URL='s3://$BUCKET?endpoint=http://127.0.0.1:$PORT'
E
}

start() {
    provide
    [ ! -e "$DIR" ] || stop
    mkdir -p "$DIR/run"
    PORT=$(free_block)
    # In a session of its own: what ends a test kills all of the test's.
    if [ -n "$OWNER" ]; then setsid "$0" watch "$DIR" "$OWNER" </dev/null >/dev/null 2>&1 & fi
    write_config
    trap 'stop' EXIT
    export CEPH_CONF="$DIR/ceph.conf"
    start_ceph >"$DIR/start.log" 2>&1 || skip "Ceph did not start: $(tail -n 1 "$DIR/start.log")"
    wait_for_answer
    timeout 60 radosgw-admin user create --uid=test --display-name=test --access-key=$ACCESS --secret=$SECRET \
        >>"$DIR/start.log" 2>&1
    environment >"$DIR/env"
    make_bucket $BUCKET
    trap - EXIT
    cat "$DIR/env"
}

watch() {
    while kill -0 "$1" 2>/dev/null; do
        [ -d "$DIR" ] || return 0
        sleep 0.5
    done
    stop
    sleep 5 # what was just being started
    stop
}

make_bucket() {
    local port
    port=$(sed -n 's/.*RGW_PORT=//p' "$DIR/env")
    python3 "$(dirname "$0")/s3sign.py" PUT "http://127.0.0.1:$port/$1" $ACCESS $SECRET >/dev/null
}

# All that was started with its configuration, whether it got as far as writing its number down or not.
processes() {
    grep -lszxF "CEPH_CONF=$DIR/ceph.conf" /proc/[0-9]*/environ | cut -d/ -f3
}

stop() {
    local pids
    pids=$(processes) || true
    # shellcheck disable=SC2086
    [ -z "$pids" ] || kill -9 $pids 2>/dev/null || true
    rm -rf "$DIR"
}

[ $# -ge 2 ] || { sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 2; }
DIR=$(realpath -m "$2")
case $1 in
start) KIND=${3:-memstore} OWNER=${4:-} && start ;;
stop) stop ;;
watch) watch "$3" ;;
bucket) make_bucket "$3" ;;
requests) grep -c ' beast: ' "$DIR/client.rgw.log" || true ;;
*) exit 2 ;;
esac
