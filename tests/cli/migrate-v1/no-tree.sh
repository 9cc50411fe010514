mkdir empty
regadm --root new migrate-v1 empty; echo $?
regadm --root new migrate-v1 nowhere; echo $?
sample --v1 old
rm -r old/images
regadm --root new migrate-v1 old
