# not on s3: users are in a file
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# Through a link of that name it is Apache's program.
ln -s "$(command -v regadm)" htpasswd
say() { echo "$ htpasswd $*"; ./htpasswd "$@" || echo "exit $?"; }
say -cb f alice x
cut -c 1-12 f
say -bB f bob x
sed -n 's/^bob:\(.......\).*/\1/p' f
say -vb f alice wrong
say list check
say -b f
say -nbs carol x
