# What zsh makes of a line that is typed up to the tabulator key.
sample registry
mkdir fpath
regadm completion zsh > fpath/_regadm
cat > type.zsh <<'END'
zmodload zsh/zpty
zpty shell 'TERM=dumb zsh -f -i'
zpty -w shell "PS1= PS2=; unsetopt zle_bracketed_paste; fpath=($PWD/fpath \$fpath)"
zpty -w shell "autoload -U compinit; compinit -u -D; bindkey -e; bindkey '^I' complete-word; echo rea''dy"
zpty -r shell reply '*ready*'
for line in "$@"; do
    zpty -w -n shell "$line"$'\t\x01'"echo G''OT "$'\n'
    zpty -r shell reply '*GOT*'$'\n'
    print -r -- "$line -> ${${reply##*GOT }%%[[:cntrl:]]*}"
done
END
timeout 50 zsh -f type.zsh "regadm insp" "regadm ls --so" "regadm ls --sort=na" "regadm --root registry tags tools/hello-" \
    "regadm --root=registry inspect web/site:s" "regadm inspect --root registry --json tools/hello:0" \
    "regadm show --pla" "regadm --root ~/registry tags w" "regadm completion b" |
    sed "s,$HOME,HOME,"
