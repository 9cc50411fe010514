sample reg; export REGADM_ROOT=reg
try() { echo "$*:"; regadm "$@" 2>&1 | sed '/^usage:/,$d'; echo "exit ${PIPESTATUS[0]}"; }
try export
try export --all backup.tar
try export tools/hello backup.tar
try export nope -o x.tar
try export tools/hello:nope -o x.tar
try export tools/hello@sha256:123456 -o x.tar
try export 'nope*' -o x.tar
try export : -o x.tar
try export --all --json
try export --plain-layers --all -o x.tar
try export --format zip --all -o x.tar
try export --all -o nowhere/x.tar
regadm export -q --all -o full.tar >/dev/null; try export --all --since full.tar -o ./full.tar; rm full.tar
mkdir folder; try export --all -o folder
try --root nowhere export --all -o x.tar
try save -q tools/hello-oci -o x.tar
ls
