#!/bin/bash
# An update of a password file that is killed, refused or starved at every system call: the file is the one before or
# the one after, whole, and the next update works. Two writers lose nothing.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need strace

SHA='{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=' # password
mkdir "$WORK/d"
F=$WORK/d/f
printf '# users\nalice:%s\nbob:old, and so long that what follows it is found again\nlast:%s' "$SHA" "$SHA" >"$WORK/before"
printf '# users\nalice:%s\nbob:%s\nlast:%s' "$SHA" "$SHA" "$SHA" >"$WORK/changed"
printf '# users\nalice:%s\nlast:%s' "$SHA" "$SHA" >"$WORK/deleted"
{ cat "$WORK/before"; printf '\nnew:%s\n' "$SHA"; } >"$WORK/added"

# The ways to update, and the file each leads to.
ways=(
    "added -sb $F new password"
    "changed -sb $F bob password"
    "added --in-place -sb $F new password"
    "changed --in-place -sb $F bob password"
    "deleted --in-place -D $F bob"
)

reset() {
    rm -rf "$WORK/d"
    mkdir "$WORK/d"
    cp "$WORK/before" "$F"
    chmod 640 "$F"
}

# Empty lines may be left by an overwriting that was cut short: no reader minds them.
lines() {
    grep -v '^$' "$1"
}

is_file() {
    [ "$(lines "$F")" = "$(lines "$WORK/$1")" ] && [ "$(stat -c %a "$F")" = 640 ]
}

# The system calls of a program: "openat 3".
count_calls() {
    strace -f -qq -o "$WORK/trace" "$@" >/dev/null 2>&1
    sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$WORK/trace" | grep -vx 'execve\|exit_group' | sort | uniq -c |
        awk '{print $2, $1}'
}

# Every system call that an update makes: its name, and from which to which time; those of a program that only starts
# are left out.
calls_of() {
    reset
    count_calls "$REGADM" htpasswd "$@" | join -a1 - "$WORK/start" | while read -r call count before; do
        echo "$call $((${before:-0} + 1)) $count"
    done
}

# inject WHAT RESULT CALL N ARGUMENT...: one update with one accident. Complains in $WORK/wrong.
inject() {
    local what=$1 result=$2 call=$3 n=$4 status
    shift 4
    reset
    (strace -f -qq -o /dev/null -e "inject=$call:$what:when=$n" "$REGADM" htpasswd "$@") >/dev/null 2>&1
    status=$?
    if is_file "$result"; then
        :
    elif [ $status = 0 ] || ! is_file before; then
        echo "$call $n: status $status, neither the old file nor the new one" >>"$WORK/wrong"
    fi
    "$REGADM" htpasswd "$@" >/dev/null 2>&1 && is_file "$result" ||
        echo "$call $n: the next update does not work" >>"$WORK/wrong"
    # The next one that replaces the file, that is: with nothing to change, it does not come to that.
    "$REGADM" htpasswd -sb "$F" other password 2>/dev/null
    [ "$(ls -A "$WORK/d")" = f ] || echo "$call $n: the next update leaves $(ls -A "$WORK/d")" >>"$WORK/wrong"
}

everywhere() {
    local what=$1 pattern=$2 way result call from to n accidents
    for way in "${ways[@]}"; do
        read -r result arguments <<<"$way"
        read -ra arguments <<<"$arguments"
        : >"$WORK/wrong"
        accidents=0
        while read -r call from to; do
            [[ $call =~ ^($pattern)$ ]] || continue
            for ((n = from; n <= to; n++)); do
                inject "$what" "$result" "$call" "$n" "${arguments[@]}"
                ((accidents++))
            done
        done < <(calls_of "${arguments[@]}")
        same "$what at $accidents calls, htpasswd ${way#* }" "" "$(head -n 3 "$WORK/wrong")" |
            sed "s#$WORK/d/##"
        [ ! -s "$WORK/wrong" ] || FAILED=1
        [ "$accidents" -gt 4 ] || check "calls were found" false
    done
}

if strace -qq -o /dev/null true 2>/dev/null; then
    count_calls "$REGADM" version >"$WORK/start"
    everywhere signal=KILL '.*'
    file_calls='open|openat|read|pread64|write|pwrite64|fsync|close|rename|chmod|fchmod|fchown|utimensat|flock|fallocate|ftruncate|lseek|newfstatat|fstat|readlink|faccessat2?|getrandom'
    everywhere error=EIO "$file_calls"
    everywhere error=ENOSPC 'write|pwrite64|fallocate|fsync|openat'
else
    echo "skip kill at every call: this system does not allow tracing"
fi

# --- places that refuse ---

export WORK REGADM F SHA
cat >"$WORK/places.sh" <<'E2'
set -u
M=$WORK/m
mkdir "$M"
mount -t tmpfs -o size=64k none "$M" 2>/dev/null || { echo "skip full disk: mounting is not allowed here"; exit; }
update() { "$REGADM" htpasswd "$@" >"$WORK/said" 2>&1; }
verdict() { # NAME STATUS WANTED FILE
    if [ "$2" = "$3" ] && cmp -s "$4" "$WORK/before"; then echo "ok $1"; else echo "FAIL $1: status $2, $(tail -n1 "$WORK/said")"; fi
}
cp "$WORK/before" "$M/f"
printf 'b%04d:password\n' $(seq 2000) >"$WORK/many"
cat /dev/zero >"$M/fill" 2>/dev/null
update -sb "$M/f" new password
verdict "full disk" $? 1 "$M/f"
update --batch -s "$M/f" <"$WORK/many"
verdict "full disk, many users" $? 1 "$M/f"
update --batch -s --in-place "$M/f" <"$WORK/many"
verdict "full disk, in place" $? 1 "$M/f"
[ "$(ls -A "$M")" = "$(printf 'f\nfill')" ] && echo "ok nothing is left behind" || echo "FAIL nothing is left behind: $(ls -A "$M")"
rm "$M/fill"
mount -o remount,ro "$M"
update -sb "$M/f" new password
verdict "read-only place" $? 1 "$M/f"
update -vb "$M/f" alice password && echo "ok read-only place, verify" || echo "FAIL read-only place, verify: $(cat "$WORK/said")"
touch "$WORK/mounted"
mount -o remount,rw "$M"
mount --bind "$M/f" "$WORK/mounted"
update -sb "$WORK/mounted" new password
verdict "a file that is a mount" $? 1 "$M/f"
grep -q -e --in-place "$WORK/said" && echo "ok is told how" || echo "FAIL is told how: $(cat "$WORK/said")"
update --in-place -sb "$WORK/mounted" new password && cmp -s "$M/f" "$WORK/added" && echo "ok a mount, in place" ||
    echo "FAIL a mount, in place: $(cat "$WORK/said")"
E2
if [ "$(id -u)" = 0 ]; then own=-m; else own=-rm; fi
if unshare $own true 2>/dev/null; then
    unshare $own bash "$WORK/places.sh" | tee "$WORK/places"
    ! grep -q ^FAIL "$WORK/places" || FAILED=1
else
    echo "skip full disk: mounting is not allowed here"
fi

if [ "$(id -u)" != 0 ]; then
    reset
    chmod 555 "$WORK/d"
    same "read-only folder" 1 "$("$REGADM" htpasswd -sb "$F" new password >/dev/null 2>&1; echo $?)"
    check "in place all the same" "$REGADM" htpasswd --in-place -sb "$F" new password
    chmod 755 "$WORK/d"
fi

# --- waiting ---

reset
sleep 60 | timeout -s TERM -k 5 1 "$REGADM" htpasswd --batch "$F" >/dev/null 2>&1 &
waiting=$!
wait $waiting
same "a signal ends a batch that waits for its input" 124 $?

# --- two writers ---

reset
writer() {
    local i
    for i in $(seq 30); do
        "$REGADM" htpasswd "${@:2}" -sb "$F" "$1$i" password 2>/dev/null || echo "writer $1 failed at $i"
    done
}
writer a >"$WORK/a" &
first=$!
writer b >"$WORK/b" &
second=$!
writer c --in-place >"$WORK/c" &
wait "$first" "$second" $!
same "three writers all succeed" "" "$(cat "$WORK/a" "$WORK/b" "$WORK/c")"
same "and lose nothing" 90 "$(grep -c '^[abc][0-9]*:' "$F")"
same "nor what was there" "$(cat "$WORK/before")" "$(grep -v '^[abc][0-9]*:' "$F")"
same "and leave nothing behind" f "$(ls -A "$WORK/d")"
finish
