# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
BC=$(regadm htpasswd -nbB -C 4 x password | head -n 1)
BC=${BC#x:}
GOOD=$(regadm htpasswd -nbB -C 10 x password | head -n 1)
GOOD=${GOOD#x:}
said() { run htpasswd check "$@" 2>&1 | sed -E 's/(takes|about) [0-9.]+ (ms|s|min)/\1 .../'; }
printf 'alice:%s\n' "$GOOD" > sound
said sound
{
    printf 'cheap:%s\ndear:%s\n' "$BC" "${GOOD/10/15}"
    printf 'alice:%s\nalice:%s\n' "$GOOD" "$GOOD"
    printf 'sha:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nnone:\ncut:%.30s\n' "$GOOD"
    printf 'glued:%sbob:%s\n' "$GOOD" "$GOOD"
    printf 'no colon\n'
    printf 'long:%s%070000d\n' "$GOOD" 0
    printf 'last:%s' "$GOOD"
} > f
said f
said --json sound
printf 'no colon\n' > f
run htpasswd check f --json
run htpasswd check none
