# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# Whatever is young, du and gc say the same: what goes now, what goes with -m beyond that, and of what waits.
figures() {
    local now
    now=$(regadm gc -n -q --json "$@" | jq -c '[.blobs.removed_bytes, .untagged.bytes]')
    echo "du $* $(regadm du --json "$@" | jq -c '[.reclaimable_bytes, .untagged_bytes, .young_bytes]')"
    echo "gc $* $now $(regadm gc -n -m -q --json "$@" | jq -c "[.blobs.removed_bytes - ${now%,*}][0], .young.bytes]")"
}
figures
figures --min-age 100w
find reg -name data -exec touch {} +
figures
figures --min-age 0
sample reg
find $R/tools/hello/_manifests/revisions -name link -exec touch {} +
figures
run du
run gc -n
run gc -n -m
