sample reg; export REGADM_ROOT=reg
config=$(regadm inspect --config tools/hello:1.0 | sha256sum)
data=reg/docker/registry/v2/blobs/sha256/${config::2}/${config::64}/data
truncate -s 9M "$data"
regadm find --label team=tools
echo no JSON >"$data"
regadm find -q --label team=tools
rm "$data"
regadm find -q --label team=tools
