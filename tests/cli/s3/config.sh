# only on s3
# The registry's own configuration, and its variables over that.
exec 2>&1
sample reg
regadm --root reg ls -q | head -n 1
cat > config.yml <<Y
version: 0.1
storage:
  cache: {blobdescriptor: inmemory}
  delete: {enabled: true}
  s3:
    accesskey: $AWS_ACCESS_KEY_ID
    secretkey: $AWS_SECRET_ACCESS_KEY
    region: us-east-1
    regionendpoint: ${S3_PARAMETERS#endpoint=}
    bucket: registry
    rootdirectory: /${S3_BUCKET##*/}/reg
    secure: false
    v4auth: true
    multipartcopychunksize: 33554432
    loglevel: debug
Y
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
run() { echo "$ $*"; "$@"; echo "exit $?"; }
run regadm -v --config config.yml ls -q
REGISTRY_CONFIGURATION_PATH=config.yml run regadm ls -q web
REGISTRY_STORAGE_S3_BUCKET=nothing-here run regadm --config config.yml ls -q
REGISTRY_STORAGE_S3_ROOTDIRECTORY=/elsewhere run regadm --config config.yml ls -q
REGISTRY_STORAGE_S3_SECRETKEY=not-the-secret run regadm --config config.yml ls -q
REGISTRY_STORAGE_S3_V4AUTH=false run regadm --config config.yml ls -q
REGISTRY_STORAGE_S3_CHUNKSIZE=tiny run regadm --config config.yml ls -q
sed -i '/key:/d' config.yml
run regadm --config config.yml ls -q
mkdir .aws
printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' testkey testsecret > .aws/credentials
run regadm --config config.yml ls -q web
printf '[other]\naws_access_key_id = %s\naws_secret_access_key = %s\n' testkey not-the-secret >> .aws/credentials
AWS_PROFILE=other run regadm --config config.yml ls -q
AWS_PROFILE=none run regadm --config config.yml ls -q
