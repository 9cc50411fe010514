sample reg; export REGADM_ROOT=reg
T=reg/docker/registry/v2/repositories/tools/hello/_manifests/tags
: > $T/1.0/current/link
printf 'sha256:1234' > $T/0.9/current/link
find reg -newermt @1773500967 -exec touch -d @1773500966 {} +
regadm tags tools/hello
