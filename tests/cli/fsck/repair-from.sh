sample reg; sample other; export REGADM_ROOT=reg
R=reg/docker/registry/v2
rm -r $R/blobs/sha256/2a
regadm fsck --repair --yes --from other; echo "exit $?"
regadm fsck --repair --yes --from other; echo "exit $?"
diff -r reg/docker other/docker && echo same
