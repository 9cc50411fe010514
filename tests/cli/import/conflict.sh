dockertar one.tar team/app:1 one; dockertar two.tar team/app:1 two
export REGADM_ROOT=new
regadm import -q --layer-compression none one.tar
echo "left alone:"; regadm import --layer-compression none two.tar; echo "exit $?"
echo "not without a yes:"; regadm import --layer-compression none --replace two.tar; echo "exit $?"
echo "what it would do:"; regadm import --layer-compression none --replace -n two.tar; echo "exit $?"
echo moved:; regadm import --layer-compression none --replace --yes two.tar; echo "exit $?"
echo "once more:"; regadm import --layer-compression none two.tar; echo "exit $?"
echo "for a program:"; regadm import --layer-compression none --replace --yes --json one.tar | head -n3
