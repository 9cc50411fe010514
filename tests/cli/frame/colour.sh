sample reg
R=reg/docker/registry/v2/repositories
: > $R/tools/hello/_manifests/tags/1.0/current/link
find reg -newermt @1773500967 -exec touch -d @1773500966 {} +
regadm --root reg tags --color always -q tools/hello
