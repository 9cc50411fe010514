#!/bin/bash
# clang-format decides the layout of C (its version 14: others differ in details), shellcheck reads the scripts.
set -u
if clang-format --version | grep -q "version 14\."; then
    git ls-files -co --exclude-standard '*.[ch]' | while read -r file; do
        [ ! -e "$file" ] || clang-format --dry-run -Werror "$file" 2>/dev/null ||
            echo "FAIL $file: is not as clang-format has it, run make format"
    done
    echo "ok clang-format"
else
    echo "skip clang-format: not version 14"
fi

git ls-files -co --exclude-standard | while read -r file; do
    [ -f "$file" ] && head -n1 "$file" | grep -qE '^#!/bin/(ba)?sh' && echo "$file"
done | xargs shellcheck -x && echo "ok shellcheck" || echo "FAIL shellcheck: see above"

shellcheck -x -s bash -e SC2164 tests/cli/*/*.sh && echo "ok shellcheck-cli" || echo "FAIL shellcheck-cli: see above"
