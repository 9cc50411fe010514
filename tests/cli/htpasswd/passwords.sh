# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
: > f
long=$(printf '%073d' 0)
run htpasswd -b f alice "$long"
run htpasswd -b --truncate -C 4 f alice "$long"
run htpasswd -vb f alice "${long%0}"
echo secret | run htpasswd -i -C 4 f alice
echo secret | run htpasswd -vi f alice
echo wrong | run htpasswd -vi f alice
echo x | run htpasswd -v f nobody
# Nobody means the empty password where there is nothing to read.
run htpasswd f nobody < /dev/null
run htpasswd -i f nobody < /dev/null
run htpasswd -v f alice < /dev/null
cut -d : -f 1 f
run htpasswd -b f '' x
run htpasswd -b f a:b x
run htpasswd -b f $'a\nb' x
run htpasswd -sb f bob x
run htpasswd -sb -C 5 f bob x
run htpasswd -b -C 18 f bob x
run htpasswd -b -C none f bob x
run htpasswd -cn f bob
run htpasswd
run htpasswd -b f
run htpasswd f
run htpasswd ./g
run htpasswd -gb f bob x
run htpasswd -gi f bob
run htpasswd --verfy f
# On a terminal: who gives a password on the command line is told; else it is asked for twice.
script -qec 'regadm htpasswd -b -C 4 f carol x' /dev/null < /dev/null | tr -d '\r'
regadm htpasswd -Bbn -C 4 list x | cut -d '$' -f 1
