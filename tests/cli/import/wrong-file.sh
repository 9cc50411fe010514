sample reg; dockertar image.tar team/app:1 one
try() { echo "$*:"; regadm --root new import "$@" 2>&1 | sed '/^usage:/,$d'; echo "exit ${PIPESTATUS[0]}"; }
try nowhere.tar
try reg
try reg/docker/registry/v2
tar cf tree.tar -C reg docker; try tree.tar
mkdir empty; try empty
: >nothing; try nothing
echo hello >text; try text
try image.tar image.tar
tar cf other.tar text; try other.tar
head -c 1000 image.tar >cut.tar; try cut.tar
gzip -c image.tar | head -c 200 >cut.gz; try cut.gz
try --max-size 1k image.tar
try --level x image.tar
echo "standard input:"; regadm --root new import </dev/null; echo "exit $?"
ls
