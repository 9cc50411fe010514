# not on s3: the tree is written into a folder
# A manifest of more than 4 MiB: with a tag and named by an index; and named by one where it is no revision.
exec 2>&1
sample reg; export REGADM_ROOT=reg
python3 - <<'P'
import json, os, sys
sys.path.insert(0, os.environ["TESTLIB"])
from v2tree import Tree
def index(t, repo, entry):
    d = t.blob(json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry]}).encode())["digest"]
    for place in f"revisions/sha256/{d[7:]}", f"tags/index/index/sha256/{d[7:]}", "tags/index/current":
        t.link(repo, "_manifests/" + place, d)
    t.link(repo, f"_layers/sha256/{entry['digest'][7:]}", entry["digest"])
def build(t, repo, revision):
    annotations = {"long": "x" * (5 << 20)}
    if revision:
        d = t.image(repo, "long", t.blob(b'{"os":"linux","architecture":"amd64"}'), [t.blob(b"layer")], annotations=annotations)
        hexa = d[7:]
        size = os.path.getsize(f"{t.v2}/blobs/sha256/{hexa[:2]}/{hexa}/data")
    else:
        own = t.blob(json.dumps({"schemaVersion": 2, "annotations": annotations}).encode())
        d, size = own["digest"], own["size"]
    index(t, repo, {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": d, "size": size})
build(Tree("reg"), "bad/app", True)
build(Tree("unlinked"), "bad/app", False)
P
echo all:; regadm export --all -o all.tar; echo "exit $?"
echo left out:; regadm export --all --skip-damaged -o all.tar; echo "exit $?"
echo into a pipe:; regadm export --all --skip-damaged 2>/dev/null | regadm archive -q --verify -
echo no revision:; regadm --root unlinked export -q --all -o unlinked.tar; echo "exit $?"
regadm --root back import -q unlinked.tar
diff -r unlinked/docker/registry/v2/blobs back/docker/registry/v2/blobs && echo the same
