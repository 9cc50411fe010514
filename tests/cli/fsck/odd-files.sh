# not on s3: a bucket has no devices, links and modes
sample reg; export REGADM_ROOT=reg
R=reg/docker/registry/v2
touch $R/repositories/tools/notes.txt $R/repositories/tools/hello/_manifests/tags/1.0/current/link.0193b5c2-7d1e-7c3a-9f00-0123456789ab.tmp
ln -s /etc $R/repositories/out
ln -s hello $R/repositories/tools/inside
mkfifo $R/blobs/sha256/pipe
chmod 400 $R/repositories/web/site/_manifests/tags/stable/current/link
regadm fsck
