sample reg; export REGADM_ROOT=reg
regadm export --all -q --no-timestamp -o backup.tar >/dev/null
echo look:; regadm archive backup.tar
echo verify:; regadm archive --verify backup.tar
echo names:; regadm archive -q - <backup.tar
echo increment:; regadm export --all -q --no-timestamp --since backup.tar -o next.tar >/dev/null
regadm archive --verify next.tar
echo json:; regadm archive --json --verify next.tar
