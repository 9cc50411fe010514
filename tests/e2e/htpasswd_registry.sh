#!/bin/bash
# A registry whose users come from a file that regadm keeps, while it runs.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need docker-registry curl python3

USERS=$WORK/users
CONFIG_MORE="auth: {htpasswd: {realm: test, path: $USERS}}"

htpasswd() {
    "$REGADM" htpasswd "$@"
}

# The answer to a user with a password.
login() {
    curl -s -o /dev/null -w '%{http_code}' -u "$1:$2" "http://$REG/v2/"
}

check "begin the file" htpasswd -cb "$USERS" alice secret
registry_start "$WORK/root"
same "nobody" 401 "$(curl -s -o /dev/null -w '%{http_code}' "http://$REG/v2/")"
same "the right password" 200 "$(login alice secret)"
same "a wrong password" 401 "$(login alice Secret)"
same "a user who is not there" 401 "$(login bob secret)"

check "add a user" htpasswd -b "$USERS" bob 'pass:word ä'
same "who can log in at once" 200 "$(login bob 'pass:word ä')"
same "beside the other" 200 "$(login alice secret)"
check "change the password" htpasswd -b "$USERS" bob new
same "the old one is gone" 401 "$(login bob 'pass:word ä')"
same "the new one counts" 200 "$(login bob new)"
check "remove the user" htpasswd -D "$USERS" bob
same "who cannot log in any more" 401 "$(login bob new)"

PASSWORD=$(htpasswd -g "$USERS" carol 2>/dev/null)
same "a made-up password" 200 "$(login carol "$PASSWORD")"
check "in place" htpasswd --in-place -b "$USERS" dave secret
same "is seen, too" 200 "$(login dave secret)"
printf 'b%d:secret%d\n' 1 1 2 2 3 3 | htpasswd --batch "$USERS" 2>/dev/null
same "a batch" "200 200 200" "$(login b1 secret1) $(login b2 secret2) $(login b3 secret3)"

for i in 1 2 3 4 5 6 7 8 9 10; do
    htpasswd -C 4 -b "$USERS" quick "password$i" 2>/dev/null
    codes+=$(login quick "password$i")
done
same "every change is seen, however fast they come" "$(printf '200%.0s' {1..10})" "$codes"

# What the list says is what the registry does.
head -c 100 /dev/zero | tr '\0' x >"$WORK/long"
check "a cut password" htpasswd --truncate -b "$USERS" long "$(cat "$WORK/long")"
same "counts in its first 72 bytes" 200 "$(login long "$(head -c 72 "$WORK/long")")"
for kind in m 2 5 s d p; do
    htpasswd "-$kind" -b "$USERS" "kind-$kind" secret 2>/dev/null
done
HASH=$(htpasswd -nbC 4 x secret | head -n1 | cut -d: -f2)
{
    echo "a:${HASH/2y/2a}"
    echo "b:${HASH/2y/2b}"
    echo "none:${HASH/2y/2}"
    echo "  blanks:$HASH  "
    echo "inner blank:$HASH"
    echo "empty:"
    echo "short:${HASH:0:50}"
    echo "glued:${HASH}bob:$HASH"
    echo "twice:$HASH"
    echo "twice:*0"
    echo "again:*0"
    echo "again:$HASH"
    echo "# comment:$HASH"
} >>"$USERS"
htpasswd list --json "$USERS" | python3 -c '
import json, sys
users = {u["user"]: u["accepted"] for u in json.load(sys.stdin)["users"]}  # the last one counts
for user, accepted in users.items():
    if user.startswith("kind-") or user in ("a", "b", "none", "blanks", "inner blank", "empty", "short", "glued", "twice", "again"):
        print(accepted, user)' >"$WORK/foreseen"
while read -r accepted user; do
    if [ "$accepted" = True ]; then want=200; else want=401; fi
    same "as listed: $user" "$want" "$(login "$user" secret)"
done <"$WORK/foreseen"
same "all were asked" 16 "$(wc -l <"$WORK/foreseen")"

echo 'no colon' >>"$USERS"
same "a line without a colon shuts everybody out: list" 0 \
    "$(htpasswd list --json "$USERS" 2>/dev/null | grep -c '"accepted": true')"
registry_stop
registry_start "$WORK/root"
check "and so does the registry" [ "$(login alice secret)" != 200 ]
htpasswd check "$USERS" 2>"$WORK/findings"
same "check has findings" 1 $?
check "and this one" grep -q users-no-colon "$WORK/findings"

sed -i '$d' "$USERS"
if command -v skopeo >/dev/null; then
    check "skopeo logs in" env REGISTRY_AUTH_FILE="$WORK/auth.json" skopeo login --tls-verify=false -u alice -p secret "$REG"
    check "skopeo does not with a wrong password" \
        bash -c "! REGISTRY_AUTH_FILE=$WORK/auth2.json skopeo login --tls-verify=false -u alice -p wrong $REG"
else
    echo "skip skopeo login: not installed"
fi
finish
