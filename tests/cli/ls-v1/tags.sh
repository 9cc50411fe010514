sample --v1 old
rm -r old/images/8c2e*
regadm ls-v1 --tags old 'team/*'
