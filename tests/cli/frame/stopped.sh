# not on s3: there is no lock
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# A verb that changes the storage says what was stopped and that it may be run again; one that looks, only the former.
stop() {
    rm -f pipe && mkfifo pipe
    regadm -v import "$@" - < pipe 2> words &
    exec 3> pipe
    until grep -q '^regadm: storage: ' words && { [ "$1" = -n ] || [ -s reg/.regadm/lock ]; }; do sleep 0.01; done
    kill "$!"
    wait "$!"
    echo "exit $?"
    exec 3>&-
    sed "s|$PWD/||" words
}
stop -y
stop -n
