# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run htpasswd -cg -C 4 f alice > said 2>&1
sed -E 's/^[A-Za-z0-9]{20}$/(20 characters)/' said
regadm htpasswd -vb f alice "$(grep -Ex '[A-Za-z0-9]{20}' said)"
# A password that cannot be shown is set for nobody.
cp f before
regadm htpasswd -g -C 4 f bob > /dev/full; echo "exit $?"
echo bob | regadm htpasswd --batch -g -C 4 f > /dev/full; echo "exit $?"
cmp f before && echo unchanged
run htpasswd -g --length 40 -C 4 f alice 2>&1 | sed -E 's/^[A-Za-z0-9]{40}$/(40 characters)/'
run htpasswd -g --length 5 f alice
run htpasswd -vg f alice
