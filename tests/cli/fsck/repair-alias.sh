# A platform without its revision link is whole though its layer was pushed by sha512, and lies below its sha256.
exec 2>&1
PYTHONPATH=$TESTLIB python3 - reg <<'PY'
import hashlib, json, os, shutil, sys
from v2tree import OCI, Tree
tree = Tree(sys.argv[1])
layer, other = b"a layer", "sha512:" + hashlib.sha512(b"a layer").hexdigest()
below = tree.blob(layer)["digest"]
child = tree.image("app", None, tree.blob(b"{}"), [{"digest": other, "size": len(layer)}])
tree.link("app", f"_layers/sha512/{other[7:]}", below)
tree.link("app", f"_layers/sha256/{below[7:]}", below)
shutil.rmtree(f"{tree.v2}/repositories/app/_manifests/revisions/sha256/{child[7:]}")
shutil.rmtree(f"{tree.v2}/repositories/app/_layers/sha256/{other[7:]}", ignore_errors=True)
size = os.path.getsize(f"{tree.v2}/blobs/sha256/{child[7:9]}/{child[7:]}/data")
index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
         "manifests": [{"mediaType": OCI[0], "digest": child, "size": size, "platform": {"os": "linux", "architecture": "arm64"}}]}
top = tree.blob(json.dumps(index).encode())["digest"]
for place in (f"revisions/sha256/{top[7:]}", f"tags/v1/index/sha256/{top[7:]}", "tags/v1/current"):
    tree.link("app", f"_manifests/{place}", top)
PY
regadm --root reg fsck --repair -y; echo "exit $?"
regadm --root reg fsck -q; echo "sound: $?"
