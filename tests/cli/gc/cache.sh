# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
config() { printf 'version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s\n%s' "$PWD/reg" "$1" > config.yml; }
unset REGADM_ROOT
config ''
run gc -q -y config.yml
rm -r reg; sample reg; config '  cache:
    blobdescriptor: inmemory
'
run gc -y config.yml > said; tail -n 2 said | cut -c 1-160
rm -r reg; sample reg; config '  cache:
    blobdescriptor: redis
'
run gc -y config.yml > said; grep 'registry.s cache' said
run gc -y config.yml > said; grep 'registry.s cache' said
