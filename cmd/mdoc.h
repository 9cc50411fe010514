/*
 * The parts of the manual that come from the tables, in mdoc(7), and their like in the README. For gen.c alone.
 */
#ifndef RA_CMD_MDOC_H
#define RA_CMD_MDOC_H

#include "cmd.h"

/* A whole first page for a verb: name, synopsis, description, options, examples. */
void ra_mdoc_page(struct ra_buf *out, const struct ra_cmd *cmd);
void ra_mdoc_synopsis(struct ra_buf *out, const struct ra_cmd *cmd);
/* The list of options; cmd NULL: those that verbs share. */
void ra_mdoc_options(struct ra_buf *out, const struct ra_cmd *cmd);
/* These three ignore cmd. */
void ra_mdoc_verbs(struct ra_buf *out, const struct ra_cmd *cmd);
void ra_mdoc_findings(struct ra_buf *out, const struct ra_cmd *cmd);
void ra_mdoc_readme_verbs(struct ra_buf *out, const struct ra_cmd *cmd);

#endif
