sample reg; export REGADM_ROOT=reg
for by in name created updated size version; do
    echo "$by:"
    regadm tags -q --sort $by tools/hello
done
echo reverse:
regadm tags -q -r tools/hello
