# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# Where it cannot write it does not look: there would be a finding.
printf '{' > reg/docker/registry/v2/blobs/sha256/8e/*/data
run report -o missing/page.html
run report -o page.html --metrics missing/regadm.prom
ls -A
