# only on s3
# Out of a bucket through a pipe, into a bucket through a pipe, and copied both ways.
exec 2>&1
sample reg; mkdir -p empty twin/docker/registry/v2
run() { echo "$ $*"; "$@"; echo "exit $?"; }
run regadm copy reg copied
run regadm copy copied "$S3_BUCKET/second?$S3_PARAMETERS" -q
regadm --root "$S3_BUCKET/second?$S3_PARAMETERS" ls -q
echo export and import:
regadm --root reg export --all -o - -q | regadm --root "$S3_BUCKET/third?$S3_PARAMETERS" import - -q -y
regadm --root "$S3_BUCKET/third?$S3_PARAMETERS" ls -q
regadm --root "$S3_BUCKET/third?$S3_PARAMETERS" fsck 2>&1
