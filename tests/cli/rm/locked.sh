# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
mkdir -p reg/docker/registry/lockfiles
: > reg/docker/registry/lockfiles/database-in-use
run rm -y tools/hello:1.0
run rm -n -q tools/hello:1.0
run tags -q tools/hello
