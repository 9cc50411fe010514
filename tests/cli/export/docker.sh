sample reg; export REGADM_ROOT=reg
regadm export --format docker tools/hello -o app.tar
tar tf app.tar
tar xOf app.tar manifest.json; echo
echo "of an index linux/amd64, or what is asked for:"
regadm export --format docker web/site -o site.tar && tar xOf site.tar manifest.json; echo
regadm export --format docker --platform linux/arm64 web/site -o site.tar && tar xOf site.tar manifest.json; echo
regadm export --format docker --platform linux/s390x web/site -o site.tar; echo "exit $?"
echo "plain layers:"
regadm export --format docker --plain-layers tools/hello:1.0 -o plain.tar
tar tvf plain.tar | tr -s ' ' | cut -d' ' -f3,6
tar xOf plain.tar "$(tar xOf plain.tar manifest.json | grep -o 'blobs/sha256/[0-9a-f]*' | tail -n1)" | tar t
regadm archive --verify plain.tar
