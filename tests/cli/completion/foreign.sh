# Names that the registry does not serve are not offered to a shell: it might stumble over them.
sample registry
repositories=registry/docker/registry/v2/repositories
# shellcheck disable=SC2016
mkdir -p "$repositories"/web/'$(touch x)'/_manifests "$repositories/web/site/_manifests/tags/a b/current"
regadm --root registry __complete repos web 2>/dev/null
regadm --root registry __complete refs web/site: 2>/dev/null
