# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
unset REGADM_ROOT
export TERM=dumb
# A tag that somebody moved on in DEST stays, and so does what a swapped SOURCE and DEST would have cost. 0.9 and 1.0
# of the sample are two images: the storages disagree about latest, and the second has a tag less.
run copy -q reg new
regadm --root new export tools/hello:0.9 -q -o image.tar
regadm --root new import image.tar -q -y --replace --as tools/hello:latest
regadm --root new rm -q -y tools/hello:1.0
what() { regadm --root "$1" tags tools/hello --json | sed -n 's/ *"tag": "\(.*\)",/\1/p; s/ *"digest": "sha256:\(.\{12\}\).*/  \1/p'; }
what reg; what new
run copy -n reg new
run copy reg new
what new
run copy -q new reg
what reg
echo a program:
run copy --json reg new
echo not without a yes:
run copy --replace reg new < /dev/null
run copy --replace -q --json reg new < /dev/null
answer no regadm copy --replace reg new
what new
echo with one:
run copy --replace -n reg new
answer yes regadm copy --replace reg new
what new
run copy --replace reg new
run copy --replace -y -q --json new other
run --root new gc -m --min-age 0s -y -q
run --root new fsck -q
