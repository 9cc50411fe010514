sample reg; sample other; export REGADM_ROOT=reg
B=reg/docker/registry/v2/blobs/sha256
regadm --root other export --all -o backup.tar >log 2>&1 || cat log
gzip -k backup.tar
mkdir layout && tar xf backup.tar -C layout
for source in backup.tar backup.tar.gz layout; do
    rm -r $B/2a
    regadm fsck --repair --yes --from $source | tail -n 1; echo "exit $?"
done
diff -r reg/docker other/docker && echo same
