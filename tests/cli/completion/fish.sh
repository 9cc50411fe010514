# What fish offers at the end of a command line.
sample registry
regadm completion fish > regadm.fish
export HOME=$PWD
for line in "regadm insp" "regadm ls --so" "regadm ls --sort " "regadm --root registry tags tools/" \
    "regadm --root=registry inspect web/site:" "regadm --root ~/registry tags w" "regadm completion "; do
    echo "$line"
    fish --no-config -c "source regadm.fish; complete -C '$line'" | cut -f1
done
