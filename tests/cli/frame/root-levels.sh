# The root is found from any of its levels, and through the environment.
sample registry
for root in registry registry/ registry/docker registry/docker/registry/v2 "$PWD/registry"; do
    regadm --root "$root" ls -q | head -n 1
done
REGADM_ROOT=registry regadm ls -q | head -n 1
printf 'version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s/registry\n' "$PWD" > config.yml
regadm --config config.yml ls -q | head -n 1
REGISTRY_CONFIGURATION_PATH=config.yml regadm ls -q | head -n 1
# Who gives two gets the first, and is told.
printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: /nowhere}}\n' > other.yml
regadm --config other.yml --root registry ls -q web/site 2>&1
regadm --config other.yml --root registry ls web/site 2>&1 | head -n 1
