# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run rm -n 'tools/*:*' --keep-last 1
run rm -n 'tools/*:*' --older-than 1d
run rm -n 'tools/*:*' --by updated
run rm -n 'tools/*:*' --by version --older-than 1d
run rm -n 'tools/*:*' --by size --keep-last 1
run rm -n 'tools/*:*' --by updated --keep-last -1
run rm -n 'tools/*:*' --by updated --keep-last many
run rm -n 'tools/*:*' --by updated --older-than yesterday
run rm -n -r 'tools/*' --by updated --keep-last 1
run rm -n 'tools/hello'
run rm -n
run rm -n 'Tools/Hello:1'
run rm -n 'tools/hello:'
