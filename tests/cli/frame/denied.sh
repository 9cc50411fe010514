# not on s3: it is about the modes of folders
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
chmod 755 .
as_nobody() {
    echo "$ regadm $*"
    if [ "$(id -u)" = 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups regadm "$@"; else regadm "$@"; fi || echo "exit $?"
}
chmod 0 reg
as_nobody ls
chmod 755 reg
chmod 0 reg/docker
as_nobody ls
chmod -R a+rX reg
chmod 0 $R/tools/hello/_manifests/tags $R/web
as_nobody ls
as_nobody tags tools/hello
as_nobody inspect tools/hello:1.0
as_nobody inspect tools/hello-oci:v1 | head -n 2
as_nobody gc -n -m
as_nobody gc -y
as_nobody rm -y tools/hello-oci:v1
chmod -R 755 reg
printf 'version: 0.1\n' > config.yml
chmod 0 config.yml
as_nobody --config config.yml ls
