# What has a name or a place that is none of the registry's: never counted, never removed, the same in a folder and in a
# bucket.
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
B=reg/docker/registry/v2/blobs/sha256
hex=$(printf 'ab%062d' 7)
put() { mkdir -p "${1%/*}" && printf '%s' "${2:-odd}" >"$1" && touch -d '2 days ago' "$1"; }
put "$B/cd/$hex/data"
put "$B/ab/$hex/other"
put "$B/ab/${hex#ab}/data"
put "$B/stray/data"
put "$B/../md5/ab/abcd/data"
put "reg/docker/registry/v2/_layers/sha256/$hex/link"
put "$R/_layers/sha256/$hex/link"
put "$R/tools/hello/_layers/sha256/$hex/no-link"
put "$R/tools/hello/_layers/sha256/${hex%7}/link"
put "$R/tools/hello/_else/sha256/$hex/link"
put "$R/only-layers/_layers/sha256/$hex/link" "sha256:$hex"
run ls
run ls -q
run du -q
run gc -y -m
run gc -q -y -m
(cd reg && find . -type f | grep -e "${hex%7}" -e stray -e md5 -e no-link -e "${hex#ab}" | sort)
