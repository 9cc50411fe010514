# only on s3
# TLS: a server is believed when a given bundle says so, and for the name it is asked by. The bundle is read once,
# however many connections there are: here it comes through a pipe, which has nothing for a second reader.
certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost 2>/dev/null
}
certificate server
certificate other
sample reg
echo "$(regadm --root reg ls -q | wc -l) repositories"
python3 "$TESTLIB/faultproxy.py" --to "${S3_PARAMETERS##*:}" --tls server.pem server.key >port &
proxy=$!
until [ -s port ]; do sleep 0.05; done

# trusting BUNDLE HOST [PARAMETER]: what is found there, or what else to do
trusting() {
    echo "$1, $2 $3"
    regadm --root "$S3_BUCKET/reg?endpoint=https://$2:$(cat port)&attempts=1&cacert=$1&$3" -j 2 ls --json 2>said |
        grep -c '"name"'
    grep '^ ' said
}
trusting server.pem localhost
trusting /dev/fd/3 localhost 3< <(cat server.pem)
trusting server.pem 127.0.0.1
trusting other.pem localhost
trusting other.pem localhost skipverify=true
trusting missing.pem localhost
trusting server.key localhost
kill "$proxy"
