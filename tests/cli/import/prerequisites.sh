sample reg; export REGADM_ROOT=reg
regadm export --all -q --no-timestamp -o 0.tar >/dev/null
for n in 1 2 3; do
    dockertar image.tar more/image:$n "text $n"
    regadm import -q --layer-compression none image.tar
    regadm export -q --all --since $((n - 1)).tar --no-timestamp -o $n.tar >/dev/null
done
export REGADM_ROOT=new
echo "too early:"; regadm import 3.tar 2>&1 | tail -n2; ls
for n in 0 1; do regadm import -q $n.tar >/dev/null; done
echo "with a hole:"; regadm import 3.tar; echo "exit $?"
echo "anyway:"; regadm import --allow-missing 3.tar | tail -n1; echo "exit ${PIPESTATUS[0]}"
regadm import -q 2.tar; regadm import -q 3.tar | tail -n1; regadm fsck >/dev/null 2>&1; echo "fsck $?"
