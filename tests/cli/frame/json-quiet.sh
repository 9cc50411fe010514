# With --json, --quiet takes nothing away but talk.
sample reg; export REGADM_ROOT=reg
for verb in ls "tags tools/hello" "inspect tools/hello:1.0" "find --os linux" "rm -n tools/hello:0.9" du "gc -n" "fsck --quick"; do
    # shellcheck disable=SC2086
    regadm $verb --json >plain 2>/dev/null
    # shellcheck disable=SC2086
    regadm $verb --json -q >quiet || echo "exit $?"
    cmp plain quiet && echo "$verb: the same"
done
