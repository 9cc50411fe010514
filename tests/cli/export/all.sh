sample reg; export REGADM_ROOT=reg
regadm export --all --no-timestamp -o backup.tar
tar tf backup.tar
tar xOf backup.tar regadm/header.json
echo
sha256sum <backup.tar
regadm export --all --no-timestamp 2>/dev/null | sha256sum
regadm export --all --no-timestamp --jobs 1 -o - 2>/dev/null | sha256sum
SOURCE_DATE_EPOCH=1000000000 regadm export --all 2>/dev/null | tar xO regadm/header.json | grep created
