# only on s3
# What gc removes from a bucket with versioning is still there: it says so, and how to get it back.
exec 2>&1
server=${S3_PARAMETERS#endpoint=} bucket=versioned-$RANDOM$RANDOM
s3() { python3 "$TESTLIB/s3sign.py" "$1" "$server/$bucket$2" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "${@:3}"; }
s3 PUT ''
echo '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>' | s3 PUT '?versioning=' -
sample reg
"$OUT/tests/lib/mkmirror" reg "s3://$bucket?$S3_PARAMETERS"
regadm --root "s3://$bucket?$S3_PARAMETERS" gc -y --min-age 0 2>&1 | sed "s/$bucket/BUCKET/"
regadm --root "s3://$bucket?$S3_PARAMETERS" rm -y tools/hello:1.0 2>&1 | sed "s/$bucket/BUCKET/"
regadm --root "s3://$bucket?$S3_PARAMETERS" tags -q tools/hello
# The tag's delete marker is deleted, and the tag is back.
marker=$(s3 GET '?versions=&prefix=docker/registry/v2/repositories/tools/hello/_manifests/tags/1.0/current/link' |
    grep -o '<DeleteMarker>.*</DeleteMarker>' | sed 's|.*<VersionId>\(.*\)</VersionId>.*|\1|')
s3 DELETE "/docker/registry/v2/repositories/tools/hello/_manifests/tags/1.0/current/link?versionId=$marker"
regadm --root "s3://$bucket?$S3_PARAMETERS" tags -q tools/hello
