sample reg; export REGADM_ROOT=reg
blob=reg/docker/registry/v2/blobs/sha256/2a/2af797f715200236b7cf86e00a0762f9c2640fce8491b3baadb41dec9b751862/data
truncate -s 2000 $blob
regadm inspect --files tools/hello
