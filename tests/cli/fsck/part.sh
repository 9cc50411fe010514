# A part is not the whole: how much was read, and what it says.
exec 2>&1
sample reg; export REGADM_ROOT=reg
run() { echo "$ $*"; "$@" | sed '/^note/d; s/([0-9.]* k*B)/(SIZE)/'; }
run regadm fsck --sample 0%
run regadm fsck --sample 0.1%
run regadm fsck --sample 50%
run regadm fsck --sample 100%
run regadm fsck --time 5
run regadm fsck --time 0
