# Loaded for buckets alone, and missed in words: this one is no library at all.
# not static: it is linked in
ldd "$REGADM" 2>/dev/null | grep -c libcurl
: > libcurl.so.4
export AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret
LD_LIBRARY_PATH=$PWD regadm --root 's3://bucket?endpoint=http://127.0.0.1:1' ls 2>&1 | sed "s|$PWD/||"
