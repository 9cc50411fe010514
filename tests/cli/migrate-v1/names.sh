sample --v1 old
echo '# new names' > names
echo 'Team/Tool = tools/tool' >> names
regadm --root new migrate-v1 -q --library both --rename team/app=apps/app --name-map names old; echo "exit $?"
echo "of none that is there:"; echo 'no/tool=x' > names
regadm --root new migrate-v1 -n --rename nosuch=x --name-map names old 2>&1 | grep v1-rename
