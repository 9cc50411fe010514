#!/bin/bash
# The table of verbs and what is made of it: help, manual and completions are fresh, whole and well formed.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check NAME COMMAND...: ok when it succeeds and prints nothing.
check()
{
    local name=$1 said
    shift
    if said=$("$@" 2>&1) && [ -z "$said" ]; then echo "ok $name"; else echo "FAIL $name: $(echo "$said" | head -n1)" && echo "$said"; fi
}

# --- fresh: generated again aside, nothing changes
mkdir "$work/man" "$work/completions"
cp man/*.[1357] "$work/man"
[ ! -e README.md ] || cp README.md "$work"
same()
{
    "$OUT/gen" "$work" 2>/dev/null && diff -r -x '*.png' man "$work/man" && diff -r completions "$work/completions" &&
        { [ ! -e README.md ] || diff README.md "$work/README.md"; }
}
check fresh same

# --- every option of every verb is told everywhere
verbs=$(regadm help | sed -n 's/^  \([a-z][a-z0-9-]*\)  *[a-z].*/\1/p')
[ "$(wc -w <<<"$verbs")" -ge 3 ] || echo "FAIL verbs: regadm help lists only $verbs"
options() { regadm "$1" --help | sed -n 's/^  \(-.,\|   \) --\([a-z0-9-]*\).*/\2/p'; }
in_bash() { bash -c '. completions/regadm.bash; COMP_WORDS=(regadm "$1" --) COMP_CWORD=2; _regadm; echo "${COMPREPLY[@]}"' - "$1"; }
in_zsh() { sed -n "/^        $1\\(|[a-z|-]*\\)\\?)\$/,/^            ;;/p" completions/regadm.zsh; }
in_fish() { grep -E "__regadm_verb $1[ ']" completions/regadm.fish | sed 's/-l \([a-z0-9-]*\).*/--\1/'; }
has() { grep -qE -e "--$2([^a-z0-9-]|\$)" <<<"$1"; }
everywhere()
{
    local option page=man/regadm-$1.1 bash zsh fish known
    [ -e "$page" ] || echo "$page is missing"
    known=$(options "$1")
    [ -n "$known" ] || [ "$1" = htpasswd ] || echo "regadm $1 --help shows no options"
    bash=$(in_bash "$1") zsh=$(in_zsh "$1") fish=$(in_fish "$1")
    for option in $known; do
        grep -qE -e "^\.It .*Fl -$option( |\$)" "$page" || echo "--$option is not in $page"
        has "$bash" "$option" || echo "--$option of $1 is not in the bash completion"
        has "$zsh" "$option" || echo "--$option of $1 is not in the zsh completion"
        has "$fish" "$option" || echo "--$option of $1 is not in the fish completion"
    done
}
for verb in $verbs; do
    check "$verb-options" everywhere "$verb"
done

# --- narrow: no line of help is longer than a terminal
narrow() { regadm help "$@" | awk 'length > 80'; }
check help-width narrow
for verb in $verbs; do
    check "$verb-help-width" narrow "$verb"
done

# --- well formed
for page in man/*.[1357]; do
    check "$(basename "$page")" mandoc -Tlint -W warning "$page"
done
check bash bash -n completions/regadm.bash
check bash-shellcheck shellcheck completions/regadm.bash
check zsh zsh -n completions/regadm.zsh
check fish fish --no-execute completions/regadm.fish
