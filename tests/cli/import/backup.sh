sample reg; regadm --root reg export --all -q -o backup.tar >/dev/null
export REGADM_ROOT=new
echo dry:; regadm import -n backup.tar; ls
echo real:; regadm import backup.tar
echo again:; regadm import backup.tar
regadm fsck >/dev/null 2>&1; echo "fsck $?"
[ "$(regadm tags -q tools/hello web/site)" = "$(regadm --root reg tags -q tools/hello web/site)" ] && echo "tags are the same"
echo pipe:; regadm --root reg export --all 2>/dev/null | regadm --root piped import -q
echo parts:; regadm --root part import --select 'tools/**' -q backup.tar
echo "other names:"; regadm --root other import --prefix mirror/ -q backup.tar
