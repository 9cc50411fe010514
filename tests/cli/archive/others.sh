dockertar image.tar docker.io/library/app:1 one; dockertar none.tar "" one; DOCKERTAR=old dockertar old.tar app:1 one
for file in image.tar none.tar old.tar; do regadm archive --verify $file; done
regadm archive --json image.tar
