# only on s3
# A policy of the bucket keeps some objects from being deleted, which the server says of each by itself: the others go,
# those are told, and go when they may.
exec 2>&1
server=${S3_PARAMETERS#endpoint=} bucket=denied-$RANDOM$RANDOM v2=docker/registry/v2
s3() { python3 "$TESTLIB/s3sign.py" "$1" "$server/$bucket$2" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "${@:3}"; }
run() { echo "$ $*"; regadm --root "s3://$bucket?$S3_PARAMETERS" "$@" | sed "s/$bucket/BUCKET/"; echo "exit ${PIPESTATUS[0]}"; }
s3 PUT ''
sample reg
"$OUT/tests/lib/mkmirror" reg "s3://$bucket?$S3_PARAMETERS"
s3 PUT '?policy=' - <<P
{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": [
    "arn:aws:s3:::$bucket/$v2/blobs/sha256/04/*", "arn:aws:s3:::$bucket/$v2/repositories/tools/hello/_manifests/tags/1.0/*"]}]}
P
run gc -y -m --min-age 0
run rm -y tools/hello:1.0
s3 DELETE '?policy='
run gc -y -m --min-age 0
run rm -y tools/hello:1.0
run gc -y --min-age 0
run fsck 2>/dev/null
