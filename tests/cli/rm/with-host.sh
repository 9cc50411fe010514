# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
# Of two commands alike the second must not take the host for a mistake, and remove what the first left alone.
mkdir $R/docker.io
cp -a $R/tools/hello $R/nginx
cp -a $R/tools/hello $R/docker.io/nginx
run rm -y 'docker.io/*:1.0'
run rm -y 'docker.io/*:1.0'
run rm -y docker.io/nginx:1.0
run rm -y --untagged 'docker.io/**'
run rm -y --untagged 'docker.io/**'
run rm -y --keep-last 0 --by updated 'docker.io/*:*'
run rm -y --keep-last 0 --by updated 'docker.io/*:*'
run rm -r -y docker.io/nginx
run rm -r -y docker.io/nginx
run rm -r -y 'docker.io/*'
run rm -y registry.example:5000/tools/hello:1.0
run tags -q nginx
run tags -q tools/hello
run tags -q docker.io/nginx
