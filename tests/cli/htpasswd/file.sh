# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run htpasswd -b -C 4 f alice x
run htpasswd -cb -C 4 f alice x
stat -c %a f
run htpasswd -cb -C 4 --mode 0640 g alice x
stat -c %a g
run htpasswd -b -C 4 g bob x
stat -c %a g
run htpasswd -b --mode 8 g bob x
# A link stays one, a file written in place stays the same one, and a missing last line end is no trap.
ln -s g link
printf 'last:x' >> g
run htpasswd -b -C 4 link carol x
[ -L link ] && cut -d : -f 1 g
before=$(stat -c %i g)
run htpasswd -b -C 4 --in-place g dan x
[ "$before" = "$(stat -c %i g)" ] && echo the same file
run htpasswd -D g dan
run htpasswd -D g nobody
mkdir folder
run htpasswd -b folder alice x
run htpasswd -cb none/f alice x
find . -path ./reg -prune -o -print | sort
