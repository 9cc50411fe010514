# shellcheck shell=bash
# For command tests of several steps, which read best with both streams as one. The sample registry is in `reg`, its
# repositories below $R; `run` shows a command, what it says, and its exit status unless that is 0.
exec 2>&1
sample reg
export REGADM_ROOT=reg R=reg/docker/registry/v2/repositories

run() {
    echo "$ regadm $*"
    regadm "$@" || echo "exit $?"
}

# A terminal on which somebody types $1 to the command that follows; what was typed is not shown. What comes before stty
# is a line of its own, what comes after it has no echo.
answer() {
    local typed=$1
    shift
    echo "$typed" | script -qec "stty -echo; $* --no-progress; echo \"exit \$?\"" /dev/null | tr -d '\r' | grep -vx "$typed"
}
