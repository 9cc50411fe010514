# What damage kept out of a backup is not removed where it is whole.
sample reg; sample standby
regadm --root reg export --all -q -o whole.tar
: >reg/docker/registry/v2/repositories/tools/hello/_manifests/tags/1.0/current/link
rm -r reg/docker/registry/v2/blobs/sha256/12/123617324e37*
echo "backed up:"; regadm --root reg export --all --skip-damaged -q -o part.tar 2>/dev/null; echo "exit $?"
regadm archive --verify part.tar 2>&1 | grep -v '^regadm: backup of'
echo "mirrored:"; regadm --root standby import --mirror --yes part.tar; echo "exit $?"
echo "without:"; regadm --root standby import -q part.tar; echo "exit $?"
echo "whole:"; regadm --root standby import --mirror --yes -q whole.tar; echo "exit $?"
regadm --root standby tags -q '**'
