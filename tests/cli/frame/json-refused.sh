# A run that fails or is refused has no object, only a message.
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
for run in "gc --json" "rm --json tools/hello:0.9" "tags --json nowhere" "ls --json --nonsense" "find --json"; do
    echo "$ regadm $run"
    # shellcheck disable=SC2086
    regadm $run > out 2> err
    echo "exit $?, $(wc -c < out) bytes, $(grep -c '^regadm: ' err) message"
done
