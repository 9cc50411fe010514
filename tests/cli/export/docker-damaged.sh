export REGADM_ROOT=reg
for i in 1 2 3 4 5 6 7; do dockertar "$i.tar" "team/app:$i" "text $i"; regadm import -q --yes "$i.tar" >/dev/null; done
# Of all images but one the layer: more of them than an export is begun anew.
for i in 1 2 3 4 5 6; do
    layer=$(regadm inspect --json "team/app:$i" | sed -n '/"layers"/,$ s/.*"digest": "sha256:\(.*\)",/\1/p' | head -n1)
    printf x | dd of="$(echo reg/docker/registry/v2/blobs/sha256/"${layer:0:2}/$layer"*/data)" bs=1 seek=30 conv=notrunc status=none
done
regadm export --all -f docker --plain-layers --skip-damaged -o some.tar 2>err; echo "exit $?"
grep -o 'team.app:[0-9]: sha256' err
regadm archive -q --verify some.tar
regadm export --all -f docker --plain-layers -o none.tar 2>/dev/null; echo "exit $?"; ls none.tar 2>/dev/null
