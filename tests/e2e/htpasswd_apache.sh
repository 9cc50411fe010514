#!/bin/bash
# shellcheck disable=SC2016 # hashes have dollars in them
#
# Called htpasswd, it is Apache's program: case by case the same exit status, the same words, the same file, and each
# verifies what the other wrote. Where it differs on purpose, the difference is what is checked.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
need htpasswd python3

THEIRS=$(command -v htpasswd)
mkdir "$WORK/ours" "$WORK/theirs" "$WORK/bin"
ln -s "$(realpath "$REGADM")" "$WORK/bin/htpasswd"
OURS=$WORK/bin/htpasswd
LONG=$(printf 'x%.0s' {1..256})
SHA='{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=' # password

# What a salt made different is masked: $apr1$..., $2y$05$..., $5$..., $6$..., DES.
mask() {
    sed -E 's#\$(apr1|5|6)(\$rounds=[0-9]+)?\$[./0-9A-Za-z]+\$[./0-9A-Za-z]+#<\1\2>#; s#\$2y\$([0-9]+)\$[./0-9A-Za-z]{53}#<2y-\1>#; s#:[./0-9A-Za-z]{13}$#:<des>#'
}

# Status, standard output, standard error, the file afterwards: of one program in its own folder.
picture() {
    local program=$1 folder=$2
    shift 2
    cd "$folder" || exit 1
    (exec -a htpasswd "$program" "$@") <"$WORK/in" >"$WORK/out" 2>"$WORK/err"
    echo "status $?"
    mask <"$WORK/out"
    if grep -q '^Usage:' "$WORK/err"; then
        echo "usage on stderr"
    else
        grep -v '^  ' "$WORK/err" # our hints
    fi
    if [ -e f ]; then
        echo "file:"
        mask <f
    fi
}

# compare NAME CONTENT ARGUMENT...: CONTENT of the file f, "-" for no file; standard input is what `input` set.
compare() {
    local name=$1 content=$2 folder
    shift 2
    for folder in ours theirs; do
        rm -f "$WORK/$folder/f"
        # shellcheck disable=SC2059
        [ "$content" = - ] || printf "$content" >"$WORK/$folder/f"
    done
    same "$name" "$(picture "$THEIRS" "$WORK/theirs" "$@")" "$(picture "$OURS" "$WORK/ours" "$@")"
    [ ! -e "$WORK/theirs/f" ] || cross "$name"
}

# Each program's file, verified by the other: the users that the cases write have the password "secret".
cross() {
    local where
    for where in "$OURS $WORK/theirs" "$THEIRS $WORK/ours"; do
        if grep -q '^new:[$<{]' "${where#* }/f"; then
            check "$1, verified by ${where%% *}" "${where%% *}" -vb "${where#* }/f" new secret
        fi
    done
}

input() {
    # shellcheck disable=SC2059
    printf "$1" >"$WORK/in"
}

input ''
compare "no arguments" -
compare "unknown option" - -x f new
compare "option without its value" - -C
compare "too many arguments" - -n new secret
compare "too few arguments" - -b f new
compare "options after the file" - -c f -b new secret
compare "only one of -c and -n" - -cnb new secret
compare "only one of -v and -D" - -vD f new
compare "no cost" - -B -C x -bn new secret
compare "cost of zero" - -B -C 0 -bn new secret
compare "rounds without a number" - -2 -r 5k -bn new secret
for letter in '' m B 2 5 s; do
    compare "-${letter}bn" - "-${letter}bn" new secret
    compare "-${letter}bc" - "-${letter}bc" f new secret
    compare "-${letter}b adds" "old:$SHA\n" "-${letter}b" f new secret
    compare "-${letter}b changes" "a:$SHA\nnew:$SHA\nb:$SHA\n" "-${letter}b" f new secret
done
compare "-d" - -dbn new secret
compare "-d of a long one" - -dbn new secretsecret
compare "-p" - -pbn new secret
compare "-p in a file" "old:$SHA\n" -pb f other secret
compare "-C" - -B -C 4 -bn new secret
compare "-C, attached" - -BC6 -bn new secret
compare "-C is ignored with -m" - -m -C 7 -bn new secret
compare "-r" - -5 -r 1000 -bn new secret
compare "last letter wins" - -mBs -bn new secret
compare "--" - -bnm -- -new -secret
compare "a password that begins with a dash" "old:$SHA\n" -sb f other -secret
compare "no file" - -b f new secret
compare "no file to verify" - -vb f new secret
compare "no file to delete from" - -D f new
compare "-c over a file" "old:$SHA\n" -cb f new secret
compare "-D" "a:$SHA\nnew:$SHA\nb:$SHA\n" -D f new
compare "-D of nobody" "a:$SHA\n" -D f new
compare "-D of twins" "new:$SHA\nb:$SHA\nnew:x\n" -D f new
compare "change of twins" "new:$SHA\nb:$SHA\nnew:x\n" -sb f new secret
compare "-v right" "u:$SHA\n" -vb f u password
compare "-v wrong" "u:$SHA\n" -vb f u passwort
compare "-v nobody" "u:$SHA\n" -vb f new password
compare "-v twins" "u:$SHA\nu:$SHA\n" -vb f u password
compare "-v twins that differ" "u:$SHA\nu:x\n" -vb f u password
compare "-v no hash" "u:\n" -vb f u password
compare "-v plain" "u:password\n" -vb f u password
compare "-v with a field more" "u:$SHA:more\n" -vb f u password
compare "-v with CRLF" "u:$SHA\r\n" -vb f u password
compare "-v broken" "u:*0\n" -vb f u password
compare "-v unknown kind" 'u:$y$j9T$abc\n' -vb f u password
compare "comments and blanks stay" '# c\n\n \t\nb:x:y\r\n a :z\n' -sb f new secret
compare "blanks before a name" "  new:$SHA\n" -sb f new secret
compare "line without a colon" "a:$SHA\nnone\n" -b f new secret
compare "line without a colon, -v" "none\n" -vb f u secret
compare "line without a colon, -D" "none\n" -D f u
compare "empty file" '' -sb f new secret
compare "colon in a name" "a:$SHA\n" -b f a:b secret
compare "name of 256 bytes" "a:$SHA\n" -b f "$LONG" secret
compare "record of 256 bytes" "a:$SHA\n" -b f "${LONG:0:218}" secret
compare "bcrypt, name of 193 bytes" "a:$SHA\n" -Bb f "${LONG:0:193}" secret
compare "bcrypt, name of 194 bytes" "a:$SHA\n" -Bb f "${LONG:0:194}" secret
compare "password of 256 bytes" "a:$SHA\n" -b f new "$LONG"
compare "password of 255 bytes" "a:$SHA\n" -sb f u "${LONG:1}"
compare "empty password" "a:$SHA\n" -sb f u ''
compare "blanks and colons in a password" "a:$SHA\n" -sb f u ' a:b '
compare "UTF-8" "a:$SHA\n" -sb f 'jörg' 'pässwörd'

for text in 'secret\n' 'secret' 'secret\r\n' 'a\nb\n' '\n' ''; do
    input "$text"
    compare "-i of $(printf %q "$text")" "a:$SHA\n" -sin u
done
input "${LONG:1}"
compare "-i of 255 bytes" - -sin u
input "${LONG:1}\n"
compare "-i of 256 bytes" - -sin u
input 'secret\n'
compare "-bi is -i" "a:$SHA\n" -bsi f new
compare "-ib is -b" "a:$SHA\n" -isb f new secret
compare "-vi, wrong" "u:$SHA\n" -vi f u
input 'password'
compare "-vi, right" "u:$SHA\n" -vi f u

# --- typed on a terminal ---

# type PROGRAM ARGUMENT... reads two lines to type from the file `typed`.
cat >"$WORK/type.py" <<'E2'
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], ["htpasswd", *sys.argv[3:]])
seen = b""
for line in open(sys.argv[1], "rb"):
    before = seen.count(b": ")
    while seen.count(b": ") == before:
        try:
            more = os.read(fd, 1000)
        except OSError:
            break
        seen += more
    time.sleep(0.05)
    os.write(fd, line)
try:
    while more := os.read(fd, 1000):
        seen += more
except OSError:
    pass
print(seen.decode().replace("\r\n", "\n"), "status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
E2

typed() {
    local name=$1 lines=$2 folder got=()
    shift 2
    # shellcheck disable=SC2059
    printf "$lines" >"$WORK/typed"
    for folder in theirs ours; do
        cd "$WORK/$folder" || exit 1
        printf 'u:%s\n' "$SHA" >f
        if [ "$folder" = ours ]; then program=$OURS; else program=$THEIRS; fi
        got+=("$(timeout 20 python3 "$WORK/type.py" "$WORK/typed" "$program" "$@" | mask)")
    done
    same "$name" "${got[0]}" "${got[1]}"
}

typed "typed twice" 'secret\nsecret\n' -s f new
typed "typed differently" 'secret\nsecrets\n' -s f new
typed "typed to verify" 'password\n' -v f u
typed "typed wrong" 'Password\n' -v f u
typed "typed for -n" 'secret\nsecret\n' -ns new

# --- on purpose another way ---

input ''
ours() {
    cd "$WORK/ours" || exit 1
    "$OURS" "$@" </dev/null >"$WORK/out" 2>"$WORK/err"
    echo $?
}

printf 'docker:x' >"$WORK/ours/f"
same "a last line without its end is not glued to" 0 "$(ours -sb f u password)"
same "but ended" "docker:x
u:$SHA" "$(cat "$WORK/ours/f")"
same "a bcrypt password of 73 bytes is refused" 5 "$(ours -Bbn u "${LONG:0:73}")"
same "unless cut" 0 "$(ours -Bb --truncate f u "${LONG:0:73}")"
check "as Apache does" "$THEIRS" -vb "$WORK/ours/f" u "${LONG:0:72}"
same "rounds below 1000 become 1000" 0 "$(ours -2b -r 10 f u secret)"
check "and verify" "$THEIRS" -vb "$WORK/ours/f" u secret
same "a cost of 3 is refused" 3 "$(ours -Bbn -C 3 u secret)"
same "a cost of 18 is refused" 3 "$(ours -Bbn -C 18 u secret)"
same "an empty name is refused" 6 "$(ours -b f '' secret)"
same "a line break in a name is refused" 6 "$(ours -b f $'a\nb' secret)"
same "a comment for a name is refused" 6 "$(ours -b f '#a' secret)"
rm "$WORK/ours/f"
(umask 022 && ours -cb f u secret) >/dev/null
same "a new file is for its owner" 600 "$(stat -c %a "$WORK/ours/f")"
same "a folder that is not there" 1 "$(ours -cb none/f u secret)"
mkdir "$WORK/ours/folder"
same "a folder instead of a file" 1 "$(ours -b folder u secret)"

# --- as regadm htpasswd ---

cd "$WORK/ours" || exit 1
printf '' >f
check "bcrypt is the default" "$REGADM" htpasswd -b f u secret
same "at cost 10" '$2y$10$' "$(cut -d: -f2 f | cut -c1-7)"
check "which Apache verifies" "$THEIRS" -vb f u secret
check "another kind is possible" "$REGADM" htpasswd -mb f old secret
same "with a warning" 1 "$("$REGADM" htpasswd -nmb old secret 2>&1 | grep -c 'registries take bcrypt only')"
check "list" "$REGADM" htpasswd list f
same "check finds the other kind" 1 "$("$REGADM" htpasswd check f >/dev/null 2>&1; echo $?)"
check "generate" "$REGADM" htpasswd -g f made
check "a made-up password is right" "$THEIRS" -vb f made "$("$REGADM" htpasswd -g f made 2>/dev/null)"
printf 'b%d:secret%d\n' 1 1 2 2 3 3 4 4 5 5 >"$WORK/batch"
check "batch" "$REGADM" htpasswd --batch -C 4 f <"$WORK/batch"
for i in 1 2 3 4 5; do
    check "batch, user $i" "$THEIRS" -vb f "b$i" "secret$i"
done
same "a bad batch changes nothing" "7 $(sha256sum <f)" \
    "$(printf 'c1:x\nnone\n' | "$REGADM" htpasswd --batch -C 4 f 2>/dev/null; echo "$? $(sha256sum <f)")"
printf 'version: 0.1\nstorage: {inmemory: {}}\nauth: {htpasswd: {realm: r, path: %s/f}}\n' "$PWD" >config.yml
check "the file is found through the registry's configuration" "$REGADM" htpasswd --config config.yml -vb u secret
check "or the environment" env REGISTRY_CONFIGURATION_PATH="$PWD/config.yml" "$REGADM" htpasswd list
printf 'w:x\n' >other
check "which may override the path" env REGISTRY_CONFIGURATION_PATH="$PWD/config.yml" \
    REGISTRY_AUTH_HTPASSWD_PATH="$PWD/other" "$REGADM" htpasswd -D w
same "and does" "" "$(cat other)"
finish
