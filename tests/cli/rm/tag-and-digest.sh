# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
D=sha256:8e6109e956fd96b03f6fe2a5390b1c8a2ce2090343eff0895609eb08f34d99b7
run rm -y tools/hello:0.9@$D
run rm -y tools/hello:1.0@$D
run tags -q tools/hello
