sample reg; regadm --root reg export --all -q --no-timestamp -o backup.tar >/dev/null
dockertar one.tar team/app:1 one
export REGADM_ROOT=reg
regadm import -q one.tar
echo "not without a yes:"; regadm import --mirror backup.tar; echo "exit $?"
echo dry:; regadm import --mirror -n backup.tar; echo "exit $?"
echo real:; regadm import --mirror --yes backup.tar; echo "exit $?"
regadm ls -q
echo "again:"; regadm import --mirror backup.tar; echo "exit $?"
echo "json:"; regadm import -q one.tar; regadm import --mirror --yes --json backup.tar | sed -n '/removed/,/]/p'
echo "no backup:"; regadm import --mirror one.tar; echo "exit $?"
echo "a part of one:"; regadm import --mirror --select tools backup.tar; echo "exit $?"
echo "elsewhere:"; regadm import --mirror --prefix p backup.tar 2>&1 | head -n1
