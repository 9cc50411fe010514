dockertar image.tar docker.io/library/app:1 one two
regadm --root new import --json --layer-compression none image.tar
regadm --root new import --json -n image.tar
