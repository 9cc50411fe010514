sample reg; export REGADM_ROOT=reg
files=$(find reg/docker/registry/v2/blobs -name data -printf '%s\n' | awk '{n += $1} END {print n}')
du=$(regadm du --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["bytes"])')
echo "$((du - files)) bytes more than the files"
