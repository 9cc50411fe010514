# What the completion scripts ask: repositories, and tags once one repository is left.
sample registry
export REGADM_ROOT=registry
echo "- repos"; regadm __complete repos ""
echo "- repos tools/"; regadm __complete repos tools/
echo "- refs tools/"; regadm __complete refs tools/
echo "- refs web"; regadm __complete refs web
echo "- refs tools/hello:"; regadm __complete refs tools/hello:
echo "- refs tools/hello:1"; regadm __complete refs tools/hello:1
echo "- refs none"; regadm __complete refs none
echo "- refs none:"; regadm __complete refs none:
echo "- refs ../x:"; regadm __complete refs ../x:
