# not on s3: it is about the modes of folders
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# What may not be removed is said once, and a tag of which a part may not go is one still.
chmod 755 .
as_nobody() {
    echo "$ regadm $*"
    if [ "$(id -u)" = 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups regadm "$@"; else regadm "$@"; fi || echo "exit $?"
}
image=sha256:8e6109e956fd96b03f6fe2a5390b1c8a2ce2090343eff0895609eb08f34d99b7
chmod -R a+rwX reg
chmod -R a-w $R/tools/hello/_manifests
as_nobody rm -y tools/hello:1.0
chmod -R a+w $R/tools/hello/_manifests/tags/1.0/index $R/tools/hello/_manifests/tags/latest
as_nobody rm -y tools/hello:1.0
as_nobody rm -y tools/hello@$image
chmod -R a+w $R/tools/hello/_manifests/tags/
as_nobody rm -y tools/hello@$image
chmod -R 755 reg
run tags -q tools/hello
