# not on s3: a prefix of its own may begin anywhere
# A root deep inside a tree is a part of one.
sample registry
regadm --root registry/docker/registry/v2/repositories/tools ls 2>&1 | sed "s|$PWD/||"
