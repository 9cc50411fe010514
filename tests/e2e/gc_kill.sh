#!/bin/bash
# A collection killed at every removal in turn.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need strace python3
strace -o /dev/null true 2>/dev/null || {
    echo "skip: processes may not be traced here"
    exit 77
}

python3 "$TESTLIB/gctrees.py" kill "$REGADM" || FAILED=1
finish
