# shellcheck disable=SC2016
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
SHA='{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=' # password
BC='$2y$10$aA0123456789012345678uzZ9F1Q4rS8R7kT5pX3vB6nM2cL0dW1e'
{
    printf '# users\n\nalice:%s\nbob:%s\nalice:%s\nplain:secret\n' "$BC" "$SHA" "${BC/10/05}"
    printf 'apr1:$apr1$saltsalt$abcdefghijklmnopqrstuv\nsix:$6$salt$x\n'
} > f
run htpasswd list f
run htpasswd list --json f
run htpasswd list none
echo broken >> f
run htpasswd list f
