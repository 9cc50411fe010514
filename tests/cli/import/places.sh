dockertar image.tar team/app:1 one
export REGADM_ROOT=new
echo "standard input:"; regadm import -q <image.tar; regadm import -q - <image.tar; cat ./*.tar | regadm import -q
for tool in gzip bzip2 xz zstd; do
    echo "$tool:"; $tool -c image.tar >packed; regadm import -q packed; regadm import -q <packed
done
echo "folder:"; mkdir folder; tar xf image.tar -C folder; regadm import -q folder
regadm export -q team/app:1 -o layout.tar; mkdir layout; tar xf layout.tar -C layout
regadm import -q layout
