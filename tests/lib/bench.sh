# shellcheck shell=bash
# For benchmarks, sourced after registry.sh: everything is a ratio to a peer beside it, in one run.
#
#   bench_tree                    sets TREE: the large tree (BENCH_REPOS repositories, 400), made once in BENCH_DIR
#   compare NAME GOAL RUNS OURS PEER   two commands (functions) in turns, RUNS times each; prints medians and their
#                                 ratio beside the goal ("20": twenty times faster). What has to be done before each
#                                 run and is not timed is a function before_OURS, before_PEER
#   compare_cold NAME GOAL OURS PEER   the same once, each after the page cache of the whole machine was emptied; nothing
#                                 unless BENCH_COLD is set and we are root
#   memory NAME COMMAND...        peak memory of a command
BENCH_DIR=${BENCH_DIR:-$TOP/build/bench}

bench_tree() {
    TREE=$BENCH_DIR/tree-${BENCH_REPOS:-400}
    [ ! -e "$TREE.part" ] || rm -rf "$TREE.part"
    mkdir -p "$BENCH_DIR"
    [ -e "$TREE.txt" ] || {
        "$OUT/tests/bench/mktree" "$TREE.part" "${BENCH_REPOS:-400}" >"$TREE.made" &&
            mv "$TREE.part" "$TREE" && mv "$TREE.made" "$TREE.txt"
    }
    cat "$TREE.txt"
}

# Microseconds that a command takes.
time_of() {
    ! declare -F "before_$1" >/dev/null || "before_$1" || return 1
    local start=$EPOCHREALTIME
    "$@" >"$WORK/bench.out" 2>&1 || { echo "FAIL $*: status $?: $(tail -n1 "$WORK/bench.out")" >&2 && return 1; }
    local end=$EPOCHREALTIME
    echo $((${end/./} - ${start/./}))
}

median() {
    sort -n | sed -n "$((($1 + 1) / 2))p"
}

compare() {
    local name=$1 goal=$2 runs=$3 ours=$4 peer=$5 i
    : >"$WORK/ours" && : >"$WORK/peer"
    for ((i = 0; i < runs; i++)); do
        time_of "$ours" >>"$WORK/ours" && time_of "$peer" >>"$WORK/peer" || return 1
    done
    awk -v name="$name" -v goal="$goal" -v ours="$(median "$runs" <"$WORK/ours")" -v peer="$(median "$runs" <"$WORK/peer")" \
        'BEGIN { printf "%-40s %9.3f s, peer %9.3f s: %7.1f times as fast (goal %s)\n", name, ours / 1e6, peer / 1e6, peer / ours, goal }'
}

compare_cold() {
    [ -n "${BENCH_COLD:-}" ] && [ -w /proc/sys/vm/drop_caches ] || return 0
    eval "before_$3() { sync && echo 3 >/proc/sys/vm/drop_caches; }; before_$4() { before_$3; }"
    # The disk of a virtual machine has a cache of its own, which whoever comes first would fill for the other.
    time_of "$3" >/dev/null
    compare "$1" "$2" 1 "$3" "$4"
    unset -f "before_$3" "before_$4"
}

# By a small program: what is started from a large one counts as large, whatever it becomes.
memory() {
    local name=$1
    shift
    command time -o "$WORK/peak" -f %M "$@" >/dev/null 2>&1
    tail -n1 "$WORK/peak" | awk -v name="$name" '{ printf "%s: %.1f MiB at most\n", name, $1 / 1024 }'
}
