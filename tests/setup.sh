#!/bin/bash
# Installs the Debian packages that are missing: tests/setup.sh build|check|deb...
# Where that is not possible it names them and ends with status 3. With --missing it only ever names them.
set -euo pipefail

# "a|b": the first one that this release has.
build="gcc make pkg-config libssl-dev libyaml-dev libarchive-dev libcrypt-dev libisal-dev
    libcurl4-openssl-dev libzstd-dev liblzma-dev libbz2-dev zlib1g-dev"
check="libcmocka-dev libjansson-dev python3 clang clang-format libclang-rt-dev|clang universal-ctags shellcheck mandoc valgrind
    musl-tools bash-completion zsh fish git"
# Programs that only some end-to-end tests talk to; those are skipped where a release has no such package.
peers="docker-registry skopeo umoci podman apache2-utils strace time tmux curl jq xz-utils bzip2 zstd
    busybox-static|busybox radosgw ceph-mon ceph-osd ceph-common chromium"
deb="dpkg-dev debhelper lintian"

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
available() { [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]; }

# The packages of "$@" that are not there; of alternatives, the first.
missing() {
    local each names name
    for each; do
        IFS='|' read -ra names <<<"$each"
        for name in "${names[@]}"; do
            ! installed "$name" || continue 2
        done
        echo "$each"
    done
}

give_up() {
    echo "regadm needs packages that are not installed: ${wanted//|/ or }" >&2
    echo "(Debian's names; on another system, install what corresponds to them.)" >&2
    exit 3
}

install_all() {
    local each name names=()
    export DEBIAN_FRONTEND=noninteractive
    [ "$(id -u)" = 0 ] && sudo=() || sudo=(sudo --preserve-env=DEBIAN_FRONTEND)
    "${sudo[@]}" apt-get update -qq
    for each in $wanted; do
        for name in ${each//|/ }; do
            if available "$name"; then
                names+=("$name")
                continue 2
            fi
        done
        case " $peers " in
        *[[:space:]]"$each"[[:space:]]*) echo "no package $each here: the tests that need it will be skipped" >&2 ;;
        *) give_up ;;
        esac
    done
    [ ${#names[@]} = 0 ] || "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${names[@]}"
}

only_name=false
list=""
for arg; do
    case $arg in
    --missing) only_name=true ;;
    build) list+=" $build" ;;
    check) list+=" $check $peers" ;;
    deb) list+=" $deb" ;;
    *) echo "usage: tests/setup.sh [--missing] build|check|deb..." >&2 && exit 2 ;;
    esac
done

# shellcheck disable=SC2086
wanted=$(if command -v dpkg-query >/dev/null; then missing $list; else echo $list; fi | xargs)
[ -n "$wanted" ] || exit 0
if $only_name || ! command -v apt-get >/dev/null; then give_up; fi
if [ "$(id -u)" != 0 ]; then # ask for a password only where somebody can give one
    if [ -t 0 ]; then sudo -v || give_up; else sudo -n true 2>/dev/null || give_up; fi
fi
echo "installing: $wanted" >&2
install_all >&2
