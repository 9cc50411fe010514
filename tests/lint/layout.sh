#!/bin/bash
# clang-format decides the layout of C (its version 14: others differ in details), shellcheck reads the scripts.
set -u
if clang-format --version | grep -q "version 14\."; then
    git ls-files -co --exclude-standard '*.[ch]' | while read -r file; do [ ! -e "$file" ] || echo "$file"; done |
        xargs clang-format --dry-run -Werror 2>&1 | sed -n 's/:[0-9]*:[0-9]*: error: .*//p' | sort -u |
        sed 's/.*/FAIL &: is not as clang-format has it, run make format/'
    echo "ok clang-format"
else
    echo "skip clang-format: not version 14"
fi

git ls-files -co --exclude-standard | while read -r file; do [ ! -f "$file" ] || echo "$file"; done |
    xargs awk 'FNR == 1 && /^#!\/bin\/(ba)?sh/ { print FILENAME } { nextfile }' |
    xargs shellcheck -x && echo "ok shellcheck" || echo "FAIL shellcheck: see above"

shellcheck -x -s bash -e SC2164 tests/cli/*/*.sh && echo "ok shellcheck-cli" || echo "FAIL shellcheck-cli: see above"
