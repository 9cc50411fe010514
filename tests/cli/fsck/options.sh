sample reg; export REGADM_ROOT=reg
regadm fsck --quick --sample 5%; echo "exit $?"
regadm fsck --from other; echo "exit $?"
regadm fsck --sample 150%; echo "exit $?"
regadm fsck --repair --yes --from nowhere; echo "exit $?"
rm -r reg/docker/registry/v2/blobs/sha256/2a
regadm fsck --repair --yes --from nowhere; echo "exit $?"
regadm fsck --state nowhere/state -q; echo "exit $?" # said before anything is read
regadm fsck reg; echo "exit $?"
