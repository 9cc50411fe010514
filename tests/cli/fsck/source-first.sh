# not on s3: a bucket has no folder to be missing
# A source that is none is said at once, also where nothing is to be mended, and by the name it was given under.
exec 2>&1
sample reg; export REGADM_ROOT=reg
run() { echo "$ $*"; "$@"; echo "exit $?"; }
run regadm fsck --repair --from nope -y
run regadm copy nope dest
mkdir empty; touch file
run regadm fsck --repair --from empty -y
run regadm copy file dest
run regadm copy reg file
ls
