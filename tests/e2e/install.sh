#!/bin/bash
# make install, DESTDIR and PREFIX, and uninstall; what was installed works from there: the program, its manual, the
# completions, and the library for other programs.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need make mandoc bash zsh fish cc pkg-config python3
DEST=$WORK/dest
PATH=$DEST/opt/bin:$PATH

install_it() { make -C "$TOP" VARIANT="$VARIANT" DESTDIR="$DEST" PREFIX=/opt "$1"; }
# bash-completion finds the script by the name of the command; so do zsh and fish.
completes_bash() { . "$DEST/opt/share/bash-completion/completions/regadm" && complete -p regadm | grep -q _regadm; }
completes_zsh() { zsh -fc 'fpath=("$1" $fpath); autoload -U compinit; compinit -u -D; [[ $_comps[regadm] == _regadm ]]' - "$DEST/opt/share/zsh/site-functions"; }
completes_fish() { fish --no-config -c "source $DEST/opt/share/fish/vendor_completions.d/regadm.fish; complete -C 'regadm insp'" | grep -q inspect; }
pages() {
    local page
    for page in "$TOP"/man/*.[1357]; do
        mandoc -Tutf8 "$DEST/opt/share/man/man${page##*.}/${page##*/}" | grep -q regadm || return 1
    done
}
# The program that regadm(3) shows, as one would build it outside of this tree.
library() { PKG_CONFIG_PATH=$DEST/opt/lib/pkgconfig pkg-config --define-variable=prefix="$DEST/opt" "$@" regadm; }
example() {
    sed -n '/^\.Bd -literal$/,/^\.Ed$/p' "$DEST/opt/share/man/man3/regadm.3" | sed '1d; $d; s/\\e/\\/g' >"$WORK/example.c"
    read -ra cflags < <(library --cflags) && read -ra libs < <(library --libs)
    (cd "$WORK" && cc -std=c17 -Wall -Wextra -Werror "${more[@]}" "${cflags[@]}" -o example example.c "${libs[@]}")
}
headers_alone() {
    local header
    while read -r header; do
        echo "#include <$header>" | cc -std=c17 -Wall -Wextra -Werror -I"$DEST/opt/include/regadm" -fsyntax-only -xc - || return 1
    done < <(cd "$DEST/opt/include/regadm" && find . -name '*.h' -printf '%P\n')
}

check "install" install_it install
same "the binary is the one that was built" "$(sha256sum <"$REGADM")" "$(sha256sum <"$DEST/opt/bin/regadm")"
check "it runs from there" "$DEST/opt/bin/regadm" version
check "bash knows its completion" completes_bash
check "zsh knows its completion" completes_zsh
check "fish knows its completion" completes_fish
check "every manual page is there and shows" pages
check "every header compiles alone" headers_alone
case $VARIANT in
    asan) more=("-fsanitize=address,undefined") ;;
    tsan) more=("-fsanitize=thread") ;;
    *) more=() ;;
esac
check "the example of the manual builds" example
sample "$WORK/root" >/dev/null
same "and tells what ls tells" \
    "$(regadm --root "$WORK/root" ls --json | python3 -c 'import json, sys
for r in json.load(sys.stdin)["repositories"]: print("{name}: {tags} tags, {bytes} bytes".format(**r))')" \
    "$("$WORK/example" "$WORK/root")"
same "and why it cannot" 1 "$("$WORK/example" "$WORK/none" 2>&1 | grep -c "'$WORK/none'")"
same "nothing else is outside the prefix" "opt" "$(ls "$DEST")"
check "uninstall" install_it uninstall
same "nothing is left" "" "$(find "$DEST" -type f -o -path '*/include/*')"
finish
