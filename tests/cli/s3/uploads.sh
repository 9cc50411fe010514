# only on s3
# Uploads in parts that were never completed: no listing shows them, and gc takes them away when they are old.
exec 2>&1
export REGADM_ROOT=reg
server=${S3_PARAMETERS#endpoint=}
s3() { python3 "$TESTLIB/s3sign.py" "$1" "$server/registry$2" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "${@:3}"; }
begin() { s3 POST "/${S3_BUCKET##*/}/$1?uploads=" | grep -o '<UploadId>.*</UploadId>' | wc -l; }
pending() { s3 GET "?uploads=&prefix=${S3_BUCKET##*/}/" | grep -o '<Key>[^<]*' | wc -l; }
sample reg
regadm gc -y -q
begin reg/docker/registry/v2/repositories/tools/hello/_uploads/6f1c2f6e-3c9d-4b1e-9a58-0d9f3c1b7e42/data
begin reg/docker/registry/v2/blobs/sha256/2a/cut/data
begin reg/elsewhere/data
regadm gc -n; pending
regadm gc -y -q; pending
regadm gc -n -v --uploads-age 0 --min-age 0; pending
regadm gc -y --uploads-age 0 --min-age 0; pending
