exec 2>&1
sample --v1 old
regadm ls-v1 old nosuch; echo "exit $?"
regadm ls-v1 old team/app team/app:9; echo "exit $?"
regadm --root new migrate-v1 -n old nosuch; echo "exit $?"
