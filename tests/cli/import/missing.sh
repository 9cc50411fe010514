dockertar image.tar team/app:1 one
regadm --root reg import -q --layer-compression none image.tar
regadm --root reg export team/app -q -o app.tar; mkdir layout; tar xf app.tar -C layout; rm -r layout/regadm
grep -l 'text0' layout/blobs/sha256/* | xargs rm
export REGADM_ROOT=new
regadm import layout; echo "exit $?"
regadm import --allow-missing layout; echo "exit $?"
regadm tags -q team/app 2>/dev/null
