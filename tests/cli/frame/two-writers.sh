# not on s3: there is no lock
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# One regadm waits for the rest of its archive, and holds the lock meanwhile: each other that would write is refused.
regadm export --all -q -o all.tar
mkdir -p v1/images v1/repositories
mkfifo pipe
regadm import -y - < pipe > first 2>&1 &
exec 3> pipe
head -c 1000 all.tar >&3
until [ -s reg/.regadm/lock ]; do sleep 0.01; done
refused() { run "$@" 2>&1 | sed 's/process [0-9]*/process N/'; }
refused gc -y
refused rm -y tools/hello:1.0
refused fsck --repair -y
refused import -y all.tar
refused migrate-v1 v1
sample other > list
refused copy other reg
run gc -n -q
run fsck -n --repair --quick
exec 3>&-
wait
run gc -y -q
# Nor may anybody write where a database says what there is.
mkdir -p reg/docker/registry/lockfiles
: > reg/docker/registry/lockfiles/database-in-use
run gc -y
run rm -y tools/hello:1.0
run fsck --repair -y
run import -y all.tar
run migrate-v1 v1
run copy other reg
run fsck --quick
