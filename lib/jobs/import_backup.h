/* A backup of ours on its way in. Private to lib/jobs/import*.c. */
#ifndef RA_JOBS_IMPORT_BACKUP_H
#define RA_JOBS_IMPORT_BACKUP_H

#include "format/spool.h"
#include "jobs/import_plan.h"
#include "registry/backup.h"

/* Reads header and catalogue, checks names and prerequisites. Takes input over, also on failure. */
int ra_import_backup_open(struct ra_import *im, struct ra_input *input, struct ra_err *err);
int ra_import_backup_run(struct ra_import *im, struct ra_err *err);
void ra_import_backup_free(struct import_backup *b);

#endif
