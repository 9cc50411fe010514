# not on s3: the tree is written into a folder
# An index whose entries are layers, one of them larger than a manifest may be, and the config of a cache.
sample reg; export REGADM_ROOT=reg
python3 - <<'P'
import json, os, sys
sys.path.insert(0, os.environ["TESTLIB"])
from v2tree import Tree
t = Tree("reg")
def index(repo, tag, kind, entries):
    for e in entries:
        t.link(repo, f"_layers/sha256/{e['digest'][7:]}", e["digest"])
    d = t.blob(json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": entries}).encode())["digest"]
    for place in f"revisions/sha256/{d[7:]}", f"tags/{tag}/index/sha256/{d[7:]}", f"tags/{tag}/current":
        t.link(repo, "_manifests/" + place, d)
config = dict(t.blob(b'{"layers":[],"records":[]}'), mediaType="application/vnd.buildkit.cacheconfig.v0")
index("cache/app", "oci", "application/vnd.oci.image.index.v1+json",
      [dict(t.blob(b"{}" + b" " * (5 << 20)), mediaType="application/vnd.oci.image.layer.v1.tar+gzip"),
       dict(t.blob(b"zst"), mediaType="application/vnd.oci.image.layer.v1.tar+zstd"), config])
index("cache/app", "docker", "application/vnd.docker.distribution.manifest.list.v2+json",
      [dict(t.blob(b"gz"), mediaType="application/vnd.docker.image.rootfs.diff.tar.gzip"), config])
t.image("cache/app", None, t.blob(b'{"os":"linux"}'), [t.blob(b"untagged")])
P
exec 2>&1
regadm fsck; echo "fsck $?"
regadm tags cache/app --json | sed -n '/"kind"\|"platforms"\|"bytes"/p'; regadm tags -q cache/app
echo inspected:; regadm inspect cache/app:oci | sed -n '/^Kind/p; /^Layers/,$p'
regadm inspect cache/app:docker --json | sed -n '/"manifests"/p; /"present"/p'
regadm inspect cache/app:docker --files; regadm inspect cache/app:docker --platform linux/amd64
echo found:; regadm find sha256:"$(printf gz | sha256sum | cut -c1-64)"
regadm du -q cache/app; echo "du $?"; regadm report -o page.html; echo "report $?"
echo untagged:; regadm rm -n --untagged --min-age 0 cache/app
echo collected:; regadm gc -y -m --min-age 0 --json | sed -n '/"removed":/p'; regadm fsck -q; echo "fsck $?"
echo exported:; regadm export --all -o all.tar; regadm export -q --all | regadm archive -q --verify - | grep cache
regadm export --platform linux/amd64 cache/app:oci -o none.tar
regadm --root other import -q all.tar >/dev/null
mkdir layout; regadm export -q cache/app | tar -xf - -C layout; rm -rf layout/regadm*; ls layout
regadm --root third import -q layout >/dev/null
regadm copy -q reg fifth
for each in other third fifth; do
    echo "$each:"; regadm --root $each fsck -q; echo "fsck $?"
    find $each -path '*cache/app/_manifests/revisions/*' -type f | wc -l
    find $each -path '*cache/app/_layers/*' -type f | wc -l
done
