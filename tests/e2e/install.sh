#!/bin/bash
# make install, DESTDIR and PREFIX, and uninstall; what was installed works from there.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need make mandoc bash zsh fish
DEST=$WORK/dest
PATH=$DEST/opt/bin:$PATH

install_it() { make -C "$TOP" VARIANT="$VARIANT" DESTDIR="$DEST" PREFIX=/opt "$1"; }
# bash-completion finds the script by the name of the command; so do zsh and fish.
completes_bash() { . "$DEST/opt/share/bash-completion/completions/regadm" && complete -p regadm | grep -q _regadm; }
completes_zsh() { zsh -fc 'fpath=("$1" $fpath); autoload -U compinit; compinit -u -D; [[ $_comps[regadm] == _regadm ]]' - "$DEST/opt/share/zsh/site-functions"; }
completes_fish() { fish --no-config -c "source $DEST/opt/share/fish/vendor_completions.d/regadm.fish; complete -C 'regadm insp'" | grep -q inspect; }
pages() {
    local page
    for page in "$TOP"/man/*.[157]; do
        mandoc -Tutf8 "$DEST/opt/share/man/man${page##*.}/${page##*/}" | grep -q regadm || return 1
    done
}

check "install" install_it install
same "the binary is the one that was built" "$(sha256sum <"$REGADM")" "$(sha256sum <"$DEST/opt/bin/regadm")"
check "it runs from there" "$DEST/opt/bin/regadm" version
check "bash knows its completion" completes_bash
check "zsh knows its completion" completes_zsh
check "fish knows its completion" completes_fish
check "every manual page is there and shows" pages
same "nothing else is outside the prefix" "opt" "$(ls "$DEST")"
check "uninstall" install_it uninstall
same "nothing is left" "" "$(find "$DEST" -type f)"
finish
