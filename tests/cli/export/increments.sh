sample reg; export REGADM_ROOT=reg
dockertar image.tar more/image:v1 one two
regadm export --all --no-timestamp -o full.tar
regadm import -q --layer-compression none image.tar
regadm export --all --since full.tar --no-timestamp -o next.tar; echo "exit $?"
head -c 20000 full.tar >begin; regadm export --all --since begin --no-timestamp 2>/dev/null | cmp - next.tar && echo "the beginning is enough"
echo "what the receiver has:"
regadm --root there import -q full.tar
regadm --root there export --all --print-catalog -o catalog; wc -l <catalog
regadm export --all --have catalog --no-timestamp -o have.tar
regadm --root there export --all --print-catalog | regadm export --all --have - --no-timestamp 2>/dev/null | cmp - have.tar && echo "from a pipe too"
regadm --root there import have.tar
echo "wrong files:"
regadm export --all --since nowhere.tar -o x.tar; echo "exit $?"
regadm export --all --since image.tar -o x.tar; echo "exit $?"
echo text >text; regadm export --all --since text -o x.tar; echo "exit $?"
regadm export --all --have nowhere -o x.tar; echo "exit $?"
regadm export --format docker --all --since full.tar -o x.tar 2>&1 | head -n1
ls
echo "two files that take turns:"
cp next.tar a.tar
regadm --root there export -q --all --since a.tar --no-timestamp -o b.tar; echo "exit $?"
regadm --root there export -q --all --since b.tar --no-timestamp -o a.tar; echo "exit $?"
regadm --root there export -q --all --since b.tar --no-timestamp -o full.tar; echo "exit $?"
cmp a.tar next.tar && regadm archive b.tar | grep builds
regadm --root there export -q --all --since next.tar --no-timestamp -o b.tar; echo "not of the chain: $?"
