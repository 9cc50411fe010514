sample reg; export REGADM_ROOT=reg
rm -r reg/docker/registry/v2/blobs/sha256/2a
regadm report -o page.html 2>/dev/null
echo "exit status $?"
grep -c '<span class="mark error">' page.html
