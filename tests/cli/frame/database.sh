# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# Where a database says what there is, the tree looks complete and need not be: who only reads is told once.
mkdir -p reg/docker/registry/lockfiles
: > reg/docker/registry/lockfiles/database-in-use
run ls -q
run tags -q tools/hello
run inspect -q web/site:stable
run find -q "$(ls reg/docker/registry/v2/blobs/sha256/2a)"
run du -q
run export --all -q -o all.tar
run archive -q all.tar
run fsck -q --quick
run report -q -o page.html
run ls --json tools 2>&1 | grep -A 8 '"findings"'
(unset REGADM_ROOT; run copy -q reg new)
# Completions offer what is there, and say nothing.
regadm __complete refs tools/hello: 2>&1
rm -r reg/docker/registry/lockfiles
run ls -q tools/hello
