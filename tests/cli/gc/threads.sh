# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
for threads in 1 2 16; do
    rm -r reg; sample reg
    regadm gc -y -m -v -j $threads > out-$threads
    regadm gc -n -m -j $threads --json > json-$threads
    (cd reg && find . | sort) > tree-$threads
done
cmp out-1 out-2 && cmp out-1 out-16 && cmp json-1 json-2 && cmp json-1 json-16 && cmp tree-1 tree-2 && cmp tree-1 tree-16 && echo the same
