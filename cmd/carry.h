/* What the verbs that read an archive share: archive and import. */
#ifndef RA_CMD_CARRY_H
#define RA_CMD_CARRY_H

#include "cmd.h"

#include "jobs/import.h"

/* The operand, or "-" for standard input; lent. USAGE when that is a terminal. */
int ra_archive_path(const struct ra_ctx *ctx, const char **path, struct ra_err *err);
/* What --quiet prints: the images that have a tag, by name. */
void ra_archive_print_names(const struct ra_import *im);

#endif
