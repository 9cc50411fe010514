sample reg; export REGADM_ROOT=reg
blobs=reg/docker/registry/v2/blobs/sha256
truncate -s 2000 $blobs/2a/2af797f715200236b7cf86e00a0762f9c2640fce8491b3baadb41dec9b751862/data
rm $blobs/34/34c904bf3332d4293bdd435486669ab6fc312bfcf4371ac03a4a538b48362847/data
regadm find -q --file hello
