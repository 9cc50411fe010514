/*
 * Names of annotations that say what an image is called in an archive.
 */
#ifndef RA_REGISTRY_ANNOTATIONS_H
#define RA_REGISTRY_ANNOTATIONS_H

/* A tag, or repo:tag (image-spec, annotations). */
#define RA_ANN_REF_NAME "org.opencontainers.image.ref.name"
/* The full name, "docker.io/library/alpine:3" (containerd, Docker). */
#define RA_ANN_CONTAINERD_NAME "io.containerd.image.name"
/* The repository that an untagged manifest belongs to (ours; several are joined by blanks). */
#define RA_ANN_REPOSITORY "regadm.repository"

#endif
