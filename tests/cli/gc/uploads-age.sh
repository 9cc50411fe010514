# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
uploads() { run gc -n "$@" 2> /dev/null | grep -e gc -e uploads; }
date -u -d '3 days ago' +%FT%TZ | tr -d '\n' > "$(find reg -name startedat)"
find reg -path '*_uploads*' -exec touch -d '3 days ago' {} +
uploads
uploads --uploads-age 4d
uploads --uploads-age 2d
# A bad date counts by the files' own times.
echo never > "$(find reg -name startedat)"
uploads --uploads-age 1h
touch -d '3 days ago' "$(find reg -name startedat)"
run gc -y --uploads-age 2d -q
find reg -path '*_uploads/*'
