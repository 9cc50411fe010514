# not on s3: folders are what this is about
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
unset REGADM_ROOT
run copy reg reg
run copy reg ./reg/
run copy reg reg/sub
run copy reg/docker/registry/v2 reg
ln -s reg link
run copy link reg/docker
mkdir -p bin fresh/lost+found fresh/docker v1/images v1/repositories
touch bin/program
run copy reg bin
run --root bin import -n none.tar
run copy -n reg v1
run --root v1 ls
find bin v1
run copy -n reg fresh
run copy reg fresh
mkdir -p bin/docker/registry/v2
run copy -q reg bin && ls bin
