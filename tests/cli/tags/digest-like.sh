sample reg; export REGADM_ROOT=reg
T=reg/docker/registry/v2/repositories/tools/hello/_manifests/tags
cp -r $T/1.0 $T/sha256-8e6109e956fd96b03f6fe2a5390b1c8a2ce2090343eff0895609eb08f34d99b7.sig
regadm tags -q tools/hello
echo all:
regadm tags -q --all tools/hello
