sample reg; export REGADM_ROOT=reg
mkdir layout; regadm export -q web/site:stable | tar xf - -C layout
type=application/vnd.oci.image.index.v1+json
# Puts an index around one: NAME, then its digest and size; prints those of the new one.
around() {
    printf '{"schemaVersion":2,"mediaType":"%s","manifests":[{"mediaType":"%s","digest":"%s","size":%d}]}' "$type" "$type" "$1" "$2" >outer
    set -- "$(sha256sum <outer | cut -c1-64)" "$(wc -c <outer)"
    cp outer "layout/blobs/sha256/$1"
    echo "sha256:$1 $2"
}
inner="$(regadm inspect -q web/site:stable) $(regadm inspect --raw web/site:stable | wc -c)"
# shellcheck disable=SC2046,SC2086
set -- $(around $(around $inner))
printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"%s","size":%d,"annotations":{"org.opencontainers.image.ref.name":"web/nested:1"}}]}' "$type" "$1" "$2" >layout/index.json
regadm import -q --yes layout
arm=$(regadm inspect -q --platform linux/arm64 web/site:stable)
echo "inspect:"; [ "$(regadm inspect -q --platform linux/arm64 web/nested:1)" = "$arm" ]; echo "exit $?"
regadm inspect -q --platform linux/s390x web/nested:1; echo "exit $?"
echo "export:"; regadm export -q --platform linux/arm64 web/nested:1 -o arm.tar; echo "exit $?"
tar tf arm.tar | grep -c "${arm#sha256:}"
regadm export -q --platform linux/s390x web/nested:1 -o none.tar; echo "exit $?"
echo "docker:"; regadm export -q -f docker --platform linux/arm64 web/nested:1 -o docker.tar; echo "exit $?"
tar xOf docker.tar manifest.json | grep -c "$(regadm inspect --raw "web/site@$arm" | grep -o 'config":{[^}]*' | grep -o 'sha256:[0-9a-f]*' | cut -c8-)"
