# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run htpasswd -cg -C 4 f alice > said 2>&1
sed -E 's/^[A-Za-z0-9]{20}$/(20 characters)/' said
regadm htpasswd -vb f alice "$(tail -n 1 said)"
run htpasswd -g --length 40 -C 4 f alice 2>&1 | sed -E 's/^[A-Za-z0-9]{40}$/(40 characters)/'
run htpasswd -g --length 5 f alice
run htpasswd -vg f alice
