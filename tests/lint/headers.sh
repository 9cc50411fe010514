#!/bin/bash
# Each header compiles alone, with nothing but the prelude before it, and twice.
set -u
for header in lib/*/*.h cmd/*.h tests/*/*.h; do
    if printf '#include "%s"\n' "$header" "$header" |
        ${CC:-cc} -std=gnu17 -Wall -Wextra -Werror -I. -Ilib -Icmd -Itests -include lib/base/prelude.h -fsyntax-only -xc -; then
        echo "ok $header"
    else
        echo "FAIL $header: does not compile alone"
    fi
done
