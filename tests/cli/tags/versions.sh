sample reg; export REGADM_ROOT=reg
T=reg/docker/registry/v2/repositories/tools/hello/_manifests/tags
for tag in v1.10.0 v1.9.0 v1.10.0-rc.1 v2.0.0 nightly; do cp -r $T/1.0 $T/$tag; done
regadm tags -q --sort version tools/hello
