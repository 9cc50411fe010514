# A layer that is kept elsewhere by its media type is missing by right, unless another image calls it its own.
exec 2>&1
PYTHONPATH=$TESTLIB python3 - reg <<'PY'
import sys
from v2tree import DOCKER, Tree
tree = Tree(sys.argv[1])
config = tree.blob(b'{"os": "windows"}')
base = {"digest": "sha256:" + 64 * "0", "size": 5}
tree.image("win", "v1", config, [base], (*DOCKER[:2], "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"))
tree.image("own", "v1", config, [base], DOCKER)
PY
regadm --root reg find --file /f win; echo "exit $?"
regadm --root reg find --file /f; echo "exit $?"
