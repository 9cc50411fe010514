sample reg; export REGADM_ROOT=reg
sbom=$(regadm inspect --json web/site:stable | grep -A1 '"referrers"' | grep -o 'sha256:[0-9a-f]*' || regadm inspect --json web/site:stable | sed -n '/referrers/,/]/p' | grep -o 'sha256:[0-9a-f]*')
tags=reg/docker/registry/v2/repositories/web/site/_manifests/tags
mkdir -p $tags/sbom/current && printf %s "$sbom" >$tags/sbom/current/link
echo alone:; regadm export --format docker web/site:sbom -o a.tar; echo "exit $?"
echo "among others:"; regadm export --format docker web/site -o a.tar; echo "exit $?"
regadm archive -q a.tar
