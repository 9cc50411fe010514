# A manifest that rot left readable, but whose bytes are others, may have named anything: all that its repository links
# stays, also once fsck has moved it aside.
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
hello=$(echo reg/docker/registry/v2/blobs/sha256/8e/*/data)
cp -p "$hello" kept
rot() { sed -i 's/"layers"/"layerz"/' "$hello" && touch -d '3 days ago' "$hello"; }
rot
run gc -q -y -m
cp -p kept "$hello"; regadm fsck -q; echo "put back: $?"
rot
regadm fsck -q --repair -y >/dev/null 2>&1
run gc -q -y
mkdir -p "${hello%/data}" && cp -p kept "$hello"; regadm fsck -q; echo "put back: $?"
run gc -q -y
