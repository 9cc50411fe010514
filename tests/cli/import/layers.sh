dockertar image.tar team/app:1 one two
DOCKERTAR=gzip dockertar packed.tar team/app:2 one two
export REGADM_ROOT=new
types() { regadm inspect --raw "team/app:$1" | grep -o '"mediaType":"[^"]*"'; }
for how in gzip zstd none; do
    echo "$how:"; regadm import -q --as team/app:$how --layer-compression $how image.tar; types $how
done
echo "levels:"
for level in 1 2 3; do regadm import -q --as team/app:gzip$level --level $level image.tar; done
regadm import -q --as team/app:zstd19 --layer-compression zstd --level 19 image.tar
regadm import --level 4 image.tar 2>&1 | head -n1
regadm import --layer-compression lzma image.tar 2>&1 | head -n1
echo "packed already:"; regadm import -q --layer-compression zstd packed.tar; types 2
python3 - packed.tar <<'P'
import re, sys
data = open(sys.argv[1], "rb").read()
at = data.index(b'"diff_ids": ["sha256:') + 21
open("wrong.tar", "wb").write(data[:at] + b"0" * 64 + data[at + 64:])
P
echo "other content than the config says:"; regadm import --as team/app:3 wrong.tar 2>&1 | sed "s/has sha256:[0-9a-f]*/has .../"
regadm import -q --as team/app:3 --no-verify-diff-ids wrong.tar
regadm fsck >/dev/null 2>&1; echo "fsck $?"
