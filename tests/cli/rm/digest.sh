# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# Both tags on it go along, and layer links that nothing else needs.
run rm -y tools/hello@sha256:8e6109e956fd96b03f6fe2a5390b1c8a2ce2090343eff0895609eb08f34d99b7
run tags tools/hello
ls $R/tools/hello/_manifests/revisions/sha256 $R/tools/hello/_layers/sha256
run rm -y tools/hello@sha256:8e6109e956fd96b03f6fe2a5390b1c8a2ce2090343eff0895609eb08f34d99b7
run rm -y tools/hello@sha256:8e6109e956fd
regadm fsck > /dev/null && echo sound
