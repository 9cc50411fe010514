sample reg; export REGADM_ROOT=reg
# Of each image of tools/hello but one a layer of its own, the config of another image, and what only an untagged one needs.
spoil() { printf x | dd of="$(echo reg/docker/registry/v2/blobs/sha256/"${1:0:2}/$1"*/data)" bs=1 seek=50 conv=notrunc status=none; }
layer() { regadm inspect --json "tools/hello$1" | sed -n '/"layers"/,$ s/.*"digest": "sha256:\(.*\)",/\1/p' | sed -n "$2p"; }
spoil "$(layer :1.0 2)"
spoil "$(layer @205e5821e165 2)"
spoil "$(regadm inspect --raw tools/hello-oci:v1 | sed 's/.*"config":{[^}]*"digest":"sha256:\([0-9a-f]*\)".*/\1/')"
for how in none gzip zstd; do
    echo "$how:"; regadm export --all --skip-damaged --compress "$how" -o "$how.tar" 2>/dev/null; echo "exit $?"
    regadm archive -q --verify "$how.tar"
done
echo "into a pipe:"; regadm export --all --skip-damaged 2>/dev/null | regadm archive -q --verify -
regadm --root other import -q none.tar
echo "restored:"; regadm --root other tags -q '**'
regadm --root other fsck -q; echo "sound: $?"
