# A layout without one of its layers is not whole, though nothing in it is wrong.
sample reg
regadm --root reg export -q tools/hello-oci:v1 -o a.tar
mkdir layout; tar xf a.tar -C layout; rm -rf layout/regadm layout/manifest.json
regadm archive --verify layout 2>&1 | tail -n 1
find layout/blobs -type f -size +8k -delete
regadm archive --verify layout 2>&1
