dockertar hub.tar docker.io/library/app:1 one
dockertar host.tar registry.example.com:5000/team/app:1 one
dockertar none.tar "" one
try() { echo "$*:"; regadm --root new import -n -q "$@"; echo "exit $?"; }
try hub.tar
try host.tar
try --keep-host hub.tar
try --keep-host host.tar
try none.tar
try --as team/app none.tar
try --as team/app:2 none.tar
try --as Team/App none.tar
try --as team/app:-x none.tar
try --as team/app:2 --prefix old none.tar
try --prefix old/ host.tar
try --prefix Old host.tar
try --select team/app host.tar
try --select 'team/*:1' host.tar
try --select team/app:2 host.tar
