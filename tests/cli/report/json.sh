sample reg; export REGADM_ROOT=reg SOURCE_DATE_EPOCH=1780000000
regadm report --json --name registry.example.com 2>/dev/null | sed 's/"\(storage\|made\|bytes\|columns\|repositories\|tags\|images\|blobs\|strings\|findings\)":/\n&/g'
