sample reg; export REGADM_ROOT=reg
count() { regadm archive --json "$1" | grep -E '"(revisions|carried)"'; }
regadm export --all -o all.tar; count all.tar
regadm export --all --no-untagged -o tagged.tar; count tagged.tar
