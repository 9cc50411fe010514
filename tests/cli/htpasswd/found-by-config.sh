# shellcheck source=tests/lib/steps.sh
. "$TESTLIB/steps.sh"
printf 'version: 0.1\nstorage: {inmemory: {}}\nauth: {htpasswd: {realm: r, path: %s/users}}\n' "$PWD" > config.yml
run htpasswd --config config.yml -cb -C 4 alice x
cut -d : -f 1 users
export REGISTRY_CONFIGURATION_PATH=config.yml
run htpasswd -b -C 4 bob x
run htpasswd list | cut -c 1-12
REGISTRY_AUTH_HTPASSWD_PATH=$PWD/others run htpasswd -cb -C 4 carol x
cut -d : -f 1 others
mkdir folder
REGISTRY_AUTH_HTPASSWD_PATH=folder run htpasswd list
REGISTRY_AUTH_HTPASSWD_PATH=folder run htpasswd -b bob x
printf 'version: 0.1\nstorage: {inmemory: {}}\n' > config.yml
run htpasswd -b dan x
run htpasswd --config none.yml list
