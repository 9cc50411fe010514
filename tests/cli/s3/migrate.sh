# only on s3
# An old registry's storage in a bucket, into another bucket, a folder, and from a folder.
exec 2>&1
PYTHONPATH=$TESTLIB python3 - <<'P'
from v1tree import *
t = Tree("v1")
base = t.image("base", layer=gz(tar({"etc/motd": b"hello"})))
t.tag("library/base", "latest", base)
t.tag("team/app", "1.0", t.image("top", parent=base, layer=EMPTY, cmd="#(nop) CMD [sh]"))
P
run() { echo "$ $*"; regadm "$@"; echo "exit $?"; }
bucket() { echo "$S3_BUCKET/$1?$S3_PARAMETERS"; }
run ls-v1 v1 -q
mkdir new
regadm --root "$(bucket new)" migrate-v1 -n v1
regadm --root "$(bucket new)" migrate-v1 v1
regadm --root "$(bucket new)" migrate-v1 v1 -q; echo "exit $?"
regadm --root "$(bucket new)" fsck
REGADM_ROOT=$PWD/folder "$REGADM" migrate-v1 "$(bucket v1)" -q
regadm --root folder ls -q
regadm --root "$(bucket from-folder)" --no-progress ls; echo "exit $?"
"$REGADM" --root "$(bucket from-folder)" migrate-v1 "$PWD/v1" -q
for place in new from-folder; do regadm --root "$(bucket $place)" inspect --raw team/app:1.0 | sha256sum; done
