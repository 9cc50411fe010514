# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
H=8e6109e956fd96b03f6fe2a5390b1c8a2ce2090343eff0895609eb08f34d99b7
T=$R/tools/hello/_manifests/tags
for kind in sig att; do
    mkdir -p $T/sha256-$H.$kind/current
    printf sha256:205e5821e1653a1202c1764cd456d38a1708d0dbd800ebee3d2c805586a51f5a > $T/sha256-$H.$kind/current/link
done
# A pattern does not mean them, unless it says so; a tag that goes leaves them where they are.
run rm -n 'tools/hello:*' -q
run rm -n 'tools/hello:sha256-*' -q
run rm -n "tools/hello:sha256-$H.sig" -q
run rm -n 'tools/hello:1.0' -q
run rm -n tools/hello@sha256:$H
run rm -n --keep-referrers tools/hello@sha256:$H
run rm -y tools/hello@sha256:$H -q
ls $T $R/tools/hello/_manifests/revisions/sha256
