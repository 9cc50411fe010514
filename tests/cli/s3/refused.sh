# only on s3
# What keeps gc and rm from a folder keeps them from a bucket.
exec 2>&1
export REGADM_ROOT=reg
sample reg
mkdir -p reg/docker/registry/lockfiles
: > reg/docker/registry/lockfiles/database-in-use
regadm gc -y; echo "exit $?"
regadm rm -y tools/hello:1.0; echo "exit $?"
regadm gc -n -q; echo "exit $?"
rm -r reg/docker/registry/lockfiles
regadm gc; echo "exit $?"
