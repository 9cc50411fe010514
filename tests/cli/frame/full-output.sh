sample reg; export REGADM_ROOT=reg
for verb in ls "tags tools/hello" "inspect tools/hello:1.0" du "gc -n" "rm -n tools/hello:0.9" "fsck --quick" "ls --json" --help "gc --help" \
    "completion bash" version; do
    echo "$ regadm $verb"
    # shellcheck disable=SC2086
    { regadm $verb 2>&1 >/dev/full; echo "exit $?"; } | grep -v -e '^note: ' -e '--delete-untagged'
done
