printf 'storage: {filesystem: {rootdirectory: /x}}\n' > no-version.yml
regadm --config no-version.yml ls; echo $?
printf 'version: 0.1\nstorage: {filesystem: {}, inmemory: {}}\n' > two.yml
regadm --config two.yml ls; echo $?
printf 'version: 0.1\nstorage: {gcs: {bucket: b}}\n' > gcs.yml
regadm --config gcs.yml ls; echo $?
printf 'version: [0.1\n' > broken.yml
regadm --config broken.yml ls; echo $?
regadm --config nowhere.yml ls

printf 'version: 2\nstorage: {filesystem: {}}\n' > new-version.yml
regadm --config new-version.yml ls
