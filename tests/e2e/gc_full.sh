#!/bin/bash
# A full disk must not keep away what frees it: rm and gc need no room, not even for their lock.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
if [ "$(id -u)" = 0 ]; then own=-m; else own=-rm; fi
mkdir "$WORK/disk"
cat >"$WORK/inside.sh" <<E2
. "$TESTLIB/registry.sh"
trap - EXIT
M=$WORK/disk n=0
fails() { ! "\$@" 2>/dev/null; }
disk() { mount -t tmpfs -o "size=20m,nr_inodes=\$1" none "\$M" && sample "\$M/r" && find "\$M/r" -exec touch -d 2020-01-01 {} +; }
disk 5000 || { echo "skip: mounting is not allowed here"; exit; }
export REGADM_ROOT=\$M/r
cat /dev/zero >"\$M/fill" 2>/dev/null
check "the disk is full" fails cp "\$0" "\$M/more"
check "rm without a byte" "$REGADM" rm -y tools/hello:1.0
same "another writer is kept out" 3 "\$(flock -n "\$M/r/docker/registry/v2" "$REGADM" gc -y -m >"$WORK/locked" 2>&1; echo \$?)"
check "which is said" grep -q "the storage is locked by another regadm" "$WORK/locked"
check "gc without a byte" "$REGADM" gc -y -m
same "what nothing needs is gone" 0 "\$("$REGADM" gc -n -m --json | sed -n 's/ *"removed_bytes": \([0-9]*\).*/\1/p' | sort -nu | tail -n 1)"
same "the lock leaves nothing" "" "\$(find "\$M/r" -name '.regadm*')"
umount "\$M"
disk 300
while : >"\$M/f\$((n++))"; do :; done 2>/dev/null
check "there are no inodes" fails touch "\$M/more"
check "rm without an inode" "$REGADM" rm -y tools/hello:1.0
while : >"\$M/f\$((n++))"; do :; done 2>/dev/null
check "gc without an inode" "$REGADM" gc -y -m
check "and all is sound" "$REGADM" fsck
umount "\$M"
E2
unshare $own bash "$WORK/inside.sh" 2>/dev/null | tee "$WORK/said"
! grep -q ^FAIL "$WORK/said" || FAILED=1
check "something was tried" grep -Eq "^(ok gc without an inode|skip)" "$WORK/said"
finish
