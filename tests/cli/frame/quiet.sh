sample reg; export REGADM_ROOT=reg
for verb in ls "tags tools/hello" du "du --by tag --top 2" "du --by layer --top 1" "du --by media-type" "rm -n tools/hello:0.9" "gc -n" \
    "fsck --quick" "report -o page.html"; do
    echo "$ regadm $verb -q"
    # shellcheck disable=SC2086
    regadm $verb -q 2>&1 || echo "exit $?"
done
