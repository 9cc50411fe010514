#!/bin/bash
# The Debian packages: they build, lintian has nothing to say, and what is in them works; the units beside them are what
# systemd understands; and the nightly backup that they show can be restored.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need dpkg-buildpackage dh lintian git systemd-analyze python3
[ "$VARIANT" = release ] || { echo "skip: only of the release" && exit 77; }
git -C "$TOP" rev-parse >"$WORK/log" 2>&1 || { echo "skip: not a checkout" && exit 77; }

UNITS=$WORK/systemd
cp -r "$TOP/.packaging/systemd" "$UNITS"
sed -i "s|^ExecStart=/usr/[a-z/]*/regadm|ExecStart=$REGADM|; /^Documentation/d" "$UNITS"/*.service
sed -i "s|$REGADM-backup|$UNITS/regadm-backup|" "$UNITS"/*.service
units() {
    local said
    said=$(systemd-analyze verify "$UNITS"/*.service "$UNITS"/*.timer 2>&1) && [ -z "$said" ] && return
    echo "$said" && return 1
}
check "systemd understands the units" units

# --- the backup: two weeks of nights with a change each
export STATE_DIRECTORY=$WORK/backups KEEP=2
mkdir "$STATE_DIRECTORY"
sample "$WORK/root" >"$WORK/log"
backup() { DAY=$1 "$UNITS/regadm-backup" --root "$WORK/root"; }
for day in 5 6 7 1 2 7 1; do
    check "backup of day $day" backup $day
    regadm --root "$WORK/root" rm --yes -q tools/hello:0.9 >"$WORK/log" 2>&1
    sleep 1.1 # their names have seconds
done
same "what is older than two full ones is gone" "full increment increment full increment" \
    "$(find "$STATE_DIRECTORY" -name '*.tar' -printf '%f\n' | sort | sed 's/.*-//; s/\.tar//' | xargs)"
for archive in "$STATE_DIRECTORY"/*.tar; do
    check "restore" regadm --root "$WORK/restored" import --yes --mirror "$archive"
done
state() { regadm --root "$1" tags --json tools/hello tools/hello-oci web/site | python3 -c 'import json, sys
print([(r["name"], t["tag"], t["digest"]) for r in json.load(sys.stdin)["repositories"] for t in r["tags"]])'; }
same "restores the last state" "$(state "$WORK/root")" "$(state "$WORK/restored")"
check "which is sound" regadm --root "$WORK/restored" fsck

# --- the packages
export DEB_BUILD_OPTIONS=nocheck
check "the packages build, and lintian is content" "$TOP/.packaging/build-deb" "$WORK/deb" "$(regadm version | sed 's/^regadm //')"
for package in "$WORK"/deb/regadm_*.deb "$WORK"/deb/libregadm-dev_*.deb; do
    dpkg-deb -x "$package" "$WORK/installed"
done
in_package() { "$WORK/installed/usr/bin/regadm" "$@"; }
same "the program in it works" "$(regadm --root "$WORK/root" ls)" "$(in_package --root "$WORK/root" ls)"
same "it is hardened" "BIND_NOW DYN GNU_RELRO" \
    "$(readelf -hld "$WORK/installed/usr/bin/regadm" | grep -o 'DYN\|GNU_RELRO\|BIND_NOW' | sort -u | xargs)"
same "a page of the manual for each verb" "$(find "$TOP/man" -name 'regadm-*.1' | wc -l)" \
    "$(find "$WORK/installed/usr/share/man/man1" -name 'regadm-*.1.gz' | wc -l)"
check "the library is where the linker looks" test -e "$(echo "$WORK"/installed/usr/lib/*/libregadm.a)"
finish
