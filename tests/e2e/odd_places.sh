#!/bin/bash
# A link, a fifo, a file in place of each thing of a storage: nothing that a registry serves goes or is left out in silence.
set -u
WORK=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")")
trap 'rm -rf "$WORK"' EXIT
cd "$WORK" || exit 1
export PATH=$OUT:$PATH
unset REGADM_ROOT REGISTRY_CONFIGURATION_PATH
"$OUT/tests/lib/mksample" reg && python3 "$TOP/tests/lib/oddplaces.py" reg
