# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
printf 'alice:one\n# nobody\n\nbob:two\r\n' | run htpasswd --batch -c -C 4 f
stat -c %a f
printf 'bob:three\ncarol:four\n' | run htpasswd --batch -C 4 -j 2 --no-progress f
cut -d : -f 1 f
run htpasswd -vb f bob three
run htpasswd -vb f alice one
printf 'dan\nbob\n' | run htpasswd --batch -g --length 12 -C 4 f > said 2>&1
sed -E 's/^([a-z]+):.{12}$/\1:(12 characters)/' said
while IFS=: read -r user password; do regadm htpasswd -vb f "$user" "$password"; done < <(grep : said)
cp f before
printf 'eve:x\nfrank\n' | run htpasswd --batch -C 4 f
printf 'eve:x\neve:y\n' | run htpasswd --batch -C 4 f
printf 'eve:\n' | run htpasswd --batch -C 4 f
printf ':x\n' | run htpasswd --batch -C 4 f
cmp f before && echo the same
printf 'eve:x\n' | run htpasswd --batch -n -s
run htpasswd --batch -D f
