# not on s3: it is the archive that may not grow
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# Where `ulimit -f` keeps files small, a write fails, and nothing of the archive stays behind. Nobody has to ask for
# that: a shell leaves the signal as it is.
(ulimit -f 20; run export --all -q -o all.tar)
(ulimit -f 20; run export tools/hello:1.0 -q -o image.tar)
ls -A
