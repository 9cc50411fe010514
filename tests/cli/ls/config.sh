sample reg; export REGADM_ROOT=reg
unset REGADM_ROOT
printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s/reg}}\n' "$PWD" > config.yml
regadm --config config.yml ls -q
REGISTRY_CONFIGURATION_PATH=config.yml regadm ls -q web
REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=$PWD/reg regadm --config config.yml ls -q web
