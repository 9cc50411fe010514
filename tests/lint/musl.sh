#!/bin/bash
# The code compiles against musl's headers too; the libraries' own headers are the system's.
set -u
if ! command -v musl-gcc >/dev/null; then
    echo "skip musl: no musl-gcc"
    exit
fi
include=$(mktemp -d)
trap 'rm -rf "$include"' EXIT
mkdir "$include/sys"
# crypt.h asks glibc how a header is written.
printf '#define __BEGIN_DECLS\n#define __END_DECLS\n#define __THROW\n#define __nonnull(x)\n#define __wur\n' >"$include/sys/cdefs.h"
for name in openssl yaml.h jansson.h jansson_config.h archive.h archive_entry.h zstd.h zstd_errors.h lzma.h lzma bzlib.h zlib.h \
    zconf.h isa-l.h isa-l crypt.h curl linux asm asm-generic; do
    for from in /usr/include "/usr/include/$(gcc -print-multiarch)"; do
        [ -d "$from/$name" ] && mkdir -p "$include/$name" && ln -sf "$from/$name"/* "$include/$name"
        [ -f "$from/$name" ] && ln -sf "$from/$name" "$include"
    done
done
compile() {
    musl-gcc -isystem "$0" -Ilib -Icmd -include lib/base/prelude.h -DRA_VERSION='"0"' -std=gnu17 -Wall -Wextra -Werror \
        -Wno-missing-field-initializers -fsyntax-only "$1" || echo "FAIL musl: $1 does not compile"
}
export -f compile
# shellcheck disable=SC2016 # expanded by the shell that xargs starts
if printf '%s\0' lib/*/*.c cmd/*.c | xargs -0 -n 1 -P "$(nproc)" bash -c 'compile "$1"' "$include" | grep FAIL; then
    exit
fi
echo "ok musl"
