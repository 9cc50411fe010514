/* What is inside an image's layers: `inspect --files` and `inspect --cat`. */
#ifndef RA_CMD_INSPECT_FILES_H
#define RA_CMD_INSPECT_FILES_H

#include "cmd.h"

#include "jobs/inspect.h"

/* Lists the files of the image; with `layer` ("all", a number from 1 on, the beginning of a digest) what the tar of
 * that layer does. */
int ra_inspect_files(struct ra_ctx *ctx, const struct ra_inspection *in, const char *layer,
                     struct ra_err *err);
/* Writes one file; on a terminal without what would steer it. */
int ra_inspect_cat(struct ra_ctx *ctx, const struct ra_inspection *in, const char *path, struct ra_err *err);

#endif
