# only on s3
# Settings that are wrong, in words; and no word that is a secret.
exec 2>&1
run() { echo "$ $*" | sed 's/?.*//'; "$@"; echo "exit $?"; }
sample reg
regadm --root reg ls -q | head -n 1
AWS_SECRET_ACCESS_KEY=not-the-secret run regadm --root reg ls
AWS_ACCESS_KEY_ID=nobody run regadm --root reg ls --json
AWS_ACCESS_KEY_ID='' AWS_SECRET_ACCESS_KEY='' run regadm --root reg ls
run regadm --root "s3://nothing-here?$S3_PARAMETERS" ls
run regadm --root "s3://registry/nothing-here?$S3_PARAMETERS" ls
run regadm --root "s3://registry?$S3_PARAMETERS&secret-key=not-the-secret" ls
run regadm --root "s3://?$S3_PARAMETERS" ls
run regadm --root "s3://registry?endpoint=http://127.0.0.1:1&attempts=2&backoff=1" ls
run regadm --root "s3://registry?endpoint=http://127.0.0.1:99999" ls
run regadm --root "s3://registry?endpoint=ftp://127.0.0.1" ls
run regadm --root "s3://registry?$S3_PARAMETERS&region=eu%0Awest" ls
