/* What the files of layers share. Not for others. */
#ifndef RA_JOBS_LAYERS_PARTS_H
#define RA_JOBS_LAYERS_PARTS_H

#include "jobs/layers.h"

/* The merged image as a tree (layers_merge.c). */
struct ra_layertree;
void ra_layertree_free(struct ra_layertree *t); /* NULL is fine */
/* What is at a path, symbolic links followed; NULL when nothing is, or a folder that no layer lists. Of a hard link
 * the file that it is a link to: the one whose content counts. */
const struct ra_file *ra_layertree_find(const struct ra_layertree *t, const char *path);

#endif
