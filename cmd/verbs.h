/* The record of every verb, each defined in the file of its name. */
#ifndef RA_CMD_VERBS_H
#define RA_CMD_VERBS_H

#include "cmd.h"

extern const struct ra_cmd ra_cmd_ls;
extern const struct ra_cmd ra_cmd_tags;
extern const struct ra_cmd ra_cmd_inspect;
extern const struct ra_cmd ra_cmd_find;
extern const struct ra_cmd ra_cmd_htpasswd;
extern const struct ra_cmd ra_cmd_rm;
extern const struct ra_cmd ra_cmd_gc;
extern const struct ra_cmd ra_cmd_migrate_v1;
extern const struct ra_cmd ra_cmd_ls_v1;
extern const struct ra_cmd ra_cmd_export;
extern const struct ra_cmd ra_cmd_import;
extern const struct ra_cmd ra_cmd_archive;
extern const struct ra_cmd ra_cmd_copy;
extern const struct ra_cmd ra_cmd_fsck;
extern const struct ra_cmd ra_cmd_du;
extern const struct ra_cmd ra_cmd_report;
extern const struct ra_cmd ra_cmd_help;
extern const struct ra_cmd ra_cmd_version;
extern const struct ra_cmd ra_cmd_completion;
extern const struct ra_cmd ra_cmd_complete;

#endif
