# not on s3: there nothing keeps an object from having a folder's name
# One link that cannot be written keeps no other from being restored.
sample reg; export REGADM_ROOT=reg
V=reg/docker/registry/v2/repositories
link=$(echo $V/tools/hello-oci/_manifests/revisions/sha256/341606e0*/link)
rm "$link"; mkdir "$link"; : >"$link/in the way"
rm -r "$(echo $V/web/site/_layers/sha256/* | cut -d' ' -f1)"
regadm fsck --quick --repair -y; echo "exit $?"
echo "again:"; regadm fsck --quick 2>/dev/null | tail -n 2
