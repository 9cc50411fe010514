sample reg; export REGADM_ROOT=reg
for how in none gzip zstd; do
    regadm export --all --compress $how 2>/dev/null | head -c 4 | od -An -tx1
    regadm export --all --compress $how -o $how 2>/dev/null && regadm archive --verify -q $how | wc -l
done
regadm export --all --compress xz -o x 2>&1 | head -n1
