# A name that is there only without its host is found, which is said; a pattern means what it says.
# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
run ls registry.example:5000/web/site
run ls -q registry.example:5000/web
run ls -q 'registry.example:5000/*/*'
run du -q 'registry.example:5000/**'
run find -q --label team=tools registry.example:5000/tools/hello
run find -q --label team=tools 'registry.example:5000/**'
run tags -q 'registry.example:5000/*/*'
cp -a $R/tools/hello $R/nginx
mkdir $R/docker.io
cp -a $R/tools/hello-oci $R/docker.io/nginx
run ls -q docker.io/nginx
run ls -q docker.io
run du -q docker.io/nginx
run tags -q docker.io/nginx
run export -q -o one.tar docker.io/nginx
