# not on s3: there is no lock
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# Whoever stops a verb is told what that left: of one that changes the storage, that it may be run again.
stop() {
    echo "$ regadm $*"
    rm -f pipe words && mkfifo pipe
    regadm -v "$@" < pipe > "/dev/null" 2> words &
    exec 3> pipe
    until grep -qs '^regadm: storage: ' words && { [ "$2" != -y ] || [ -s reg/.regadm/lock ]; }; do sleep 0.01; done
    kill "$!"
    exec 3>&-
    wait "$!"
    echo "exit $?"
    sed "1d; /^note: /d; s|$PWD/||" words
}
stop import -y -
stop import -n -
stop export --all --have - -o all.tar
ls all.tar
stop export --all --have -
stop fsck --limit-rate 1
