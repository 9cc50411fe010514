#!/bin/bash
# Random small trees, collected by regadm and by the registry's own collector. GC_SECONDS: how long (40).
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need docker-registry python3

python3 "$TESTLIB/gctrees.py" compare "$REGADM" docker-registry "${GC_SECONDS:-40}" "${GC_SEED:-1}" || FAILED=1
finish
