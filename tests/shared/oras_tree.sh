#!/bin/bash
# A storage tree that a real registry wrote for the tests of oras: an artifact with referrers, and referrers of these.
# shellcheck source=tests/lib/registry.sh
. "$TESTLIB/registry.sh"
TREE=$SHARED/data/archives/fetched/oras-v2tree-artifacts.tar.gz
[ -e "$TREE" ] || {
    echo "skip: $TREE is not here"
    exit 77
}
mkdir "$WORK/root"
tar -xzf "$TREE" -C "$WORK/root"
export REGADM_ROOT=$WORK/root

# ask VERB... EXPRESSION: of the JSON object r.
ask() {
    local expression=${*: -1}
    set -- "${@:1:$#-1}"
    "$REGADM" "$@" --json 2>/dev/null | python3 -c "
import json, sys
r = json.load(sys.stdin)
def short(list):
    return ' '.join(sorted(x['digest'][7:15] for x in list))
print($expression)"
}

same ls "command/artifacts: 1 tag, 5 revisions" \
    "$(ask ls "' '.join(f'{x[\"name\"]}: {x[\"tags\"]} tag, {x[\"revisions\"]} revisions' for x in r['repositories'])")"
same tags "foobar artifact fd6ed2f3" \
    "$(ask tags --all command/artifacts "' '.join(f'{t[\"tag\"]} {t[\"kind\"]} {t[\"digest\"][7:15]}' for t in r['repositories'][0]['tags'])")"
same referrers "8d7a27ff e2c6633a" "$(ask inspect command/artifacts:foobar "short(r['referrers'])")"
same referrers-of-referrers "0cb8c4da 2dbea575" \
    "$(for d in 8d7a27 e2c663 0cb8c4 2dbea5; do ask inspect command/artifacts@$d "short(r['referrers'])"; done | xargs -n 1 | sort | xargs)"
same layers "2c26b46b 2c26b46b fcde2b2e" "$(ask inspect command/artifacts:foobar "short(r['layers'])")"
same raw "sha256:$("$REGADM" inspect --raw command/artifacts:foobar | sha256sum | cut -d ' ' -f 1)" "$(ask inspect command/artifacts:foobar "r['digest']")"
same nothing-is-amiss "0" "$(ask fsck "sum(f['severity'] != 'note' for f in r['findings'])")"
same nothing-to-collect "5 0" "$(ask gc -n -m --min-age 0 "r['revisions']['kept'], r['blobs']['removed']" | tr -d '(),')"
finish
