# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run rm --json -n tools/hello:0.9 tools/hello@sha256:205e5821e1653a1202c1764cd456d38a1708d0dbd800ebee3d2c805586a51f5a
run rm --json -y -r tools/hello-oci
run rm --json -y 'tools/none:*'
run rm --json tools/hello:1.0
