# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run rm -y tools/hello:1.0
ls $R/tools/hello/_manifests/tags
run tags -q tools/hello
# Its manifest stays, and the other tag on it.
run inspect tools/hello@sha256:8e6109e956fd96b03f6fe2a5390b1c8a2ce2090343eff0895609eb08f34d99b7 | grep -i tags
run rm -y tools/hello:1.0
run rm -y nobody/here:1.0
run delete -q -y tools/hello:latest tools/hello:0.9
find $R/tools/hello/_manifests -path '*/tags/*' | wc -l
run ls
