#!/bin/bash
# A storage on a read-only mount: whatever only looks works, and so does a dry run; what would write says why it cannot.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
if [ "$(id -u)" = 0 ]; then own=-m; else own=-rm; fi
unshare $own true 2>/dev/null || {
    echo "skip: mounting is not allowed here"
    exit 77
}
sample "$WORK/root"
D=$(sed -n 's/.*"digest": "\(sha256:[0-9a-f]*\)".*/\1/p' <("$REGADM" --root "$WORK/root" inspect --json tools/hello:0.9) | head -n 1)
find "$WORK/root" -printf '%p %y %s %T@\n' | sort >"$WORK/before"

cat >"$WORK/inside.sh" <<E2
. "$TESTLIB/registry.sh"
trap - EXIT
mount --bind "$WORK/root" "$WORK/root" && mount -o remount,bind,ro "$WORK/root" || exit 1
export REGADM_ROOT=$WORK/root
same "it is read-only" "" "\$(touch "$WORK/root" 2>/dev/null && echo no)"
for verb in ls "tags tools/hello" "inspect tools/hello:1.0" "gc -n" "gc -n -m -v --prune-repositories" "rm -n tools/hello:1.0" \
    "rm -n -r tools/hello" "rm -n tools/hello@$D" fsck "fsck --repair -n" du; do
    check "\${verb//:/ }" "$REGADM" \$verb
done
for verb in "gc -y" "rm -y tools/hello:1.0"; do
    said=\$("$REGADM" \$verb 2>&1)
    same "\${verb//:/ } is refused" 3 \$?
    same "\${verb//:/ } says why" "1" "\$(grep -c 'the storage is read-only: mount it writable, or make a dry run' <<<"\$said")"
done
E2
unshare $own bash "$WORK/inside.sh" | tee "$WORK/said"
! grep -q ^FAIL "$WORK/said" || FAILED=1
check "something was tried" grep -q "^ok gc -n" "$WORK/said"
same "nothing was changed" "" "$(find "$WORK/root" -printf '%p %y %s %T@\n' | sort | diff - "$WORK/before")"
finish
