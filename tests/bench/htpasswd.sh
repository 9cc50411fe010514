#!/bin/bash
# htpasswd against Apache's: one entry at equal cost, and 64 entries at cost 10. Medians of 5 alternating runs, as ratios.
set -u
REGADM=$(realpath "${REGADM:-${1:-build/release}/regadm}")
THEIRS=$(command -v htpasswd) || {
    echo "skip: htpasswd is not installed"
    exit 77
}
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK" || exit 1
: >f
seq 64 | sed 's/.*/user&:password&/' >users

# Milliseconds that a command takes.
time_of() {
    local start=$EPOCHREALTIME
    "$@" >/dev/null 2>&1
    local end=$EPOCHREALTIME
    echo $(((${end/./} - ${start/./}) / 10))
}

median() {
    sort -n | sed -n 3p
}

# ratio NAME OURS THEIRS: functions, taking turns so that a busy machine is busy for both. Times in hundredths of a ms.
ratio() {
    local name=$1
    for _ in 1 2 3 4 5; do
        time_of "$2" >>"$2.times"
        time_of "$3" >>"$3.times"
    done
    awk -v name="$name" -v a="$(median <"$2.times")" -v b="$(median <"$3.times")" \
        'BEGIN {printf "%-44s %8.1f ms %8.1f ms  %5.2f of the time\n", name, a / 100, b / 100, a / b}'
}

many() {
    for _ in $(seq "$1"); do "${@:2}"; done
}

ours_one() { many 5 "$REGADM" htpasswd -nbB -C 10 user password; }
theirs_one() { many 5 "$THEIRS" -nbB -C 10 user password; }
ours_cheap() { many 50 "$REGADM" htpasswd -nbm user password; }
theirs_cheap() { many 50 "$THEIRS" -nbm user password; }
ours_file() { many 20 "$REGADM" htpasswd -bB -C 5 f user password; }
theirs_file() { many 20 "$THEIRS" -bB -C 5 f user password; }
ours_batch() { "$REGADM" htpasswd --batch -C 10 f <users; }
theirs_batch() { while IFS=: read -r user password; do "$THEIRS" -bB -C 10 f "$user" "$password"; done <users; }

printf '%-44s %11s %11s\n' "" regadm "Apache's"
ratio "5 times one bcrypt record, cost 10" ours_one theirs_one
ratio "50 times one apr1 record" ours_cheap theirs_cheap
ratio "20 changes of a file, bcrypt, cost 5" ours_file theirs_file
ratio "64 users, bcrypt, cost 10, $(nproc) processors" ours_batch theirs_batch
