sample --v1 old
regadm --root new migrate-v1 --rename team/app=UPPER old
echo 'Team/Tool' > names
regadm --root new migrate-v1 --name-map names old
ls
