/* Help text, printed from the tables. */
#ifndef RA_CMD_HELP_H
#define RA_CMD_HELP_H

#include "cmd.h"

/* `regadm help`: what it is, the verbs by group, the first steps. */
void ra_help_overview(FILE *out);
/* `regadm VERB --help`. */
void ra_help_verb(const struct ra_cmd *cmd, FILE *out);
/* "usage: regadm ls [PATTERN...]" and where to read more: below an error of usage. */
void ra_help_usage(const struct ra_cmd *cmd, FILE *out);
/* The verb nearest to a mistyped one, or NULL. */
const char *ra_help_nearest(const char *name);

#endif
