# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
T=$R/tools/hello/_manifests/tags
touch -d '2001-01-01' $T/latest/current/link
touch -d '2002-01-01' $T/1.0/current/link
touch -d '2003-01-01' $T/0.9/current/link
run rm -n 'tools/*:*' --keep-last 1 --by updated -q
run rm -n 'tools/*:*' --keep-last 1 --by created -q
run rm -n 'tools/*:*' --keep-last 1 --by version -q
run rm -n 'tools/*:*' --keep-last 0 --by version -q
run rm -n 'tools/*:*' --keep-last 2 --by updated -q
run rm -n 'tools/*:*' --keep-last 3 --by updated
run rm -n 'tools/*:*' --keep-last 1 --by updated --older-than 999w -q
cp -r $T/1.0 $T/1.10.0; cp -r $T/1.0 $T/1.9.0; cp -r $T/1.0 $T/1.10.0-rc1
run rm -n tools/hello --keep-last 2 --by version -q
run rm -y 'tools/hello:1.*' --keep-last 1 --by version -q
run tags -q tools/hello
