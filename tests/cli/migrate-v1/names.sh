sample --v1 old
echo '# new names' > names
echo 'Team/Tool = tools/tool' >> names
regadm --root new migrate-v1 -q --library both --rename team/app=apps/app --name-map names old
