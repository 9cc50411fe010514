/* A backup of ours on its way in. Private to lib/jobs/import*.c. */
#ifndef RA_JOBS_IMPORT_BACKUP_H
#define RA_JOBS_IMPORT_BACKUP_H

#include "format/spool.h"
#include "jobs/import_plan.h"
#include "registry/backup.h"

struct import_backup {
    struct ra_input *input;
    struct ra_tar_source source;
    struct ra_tar *tar;
    struct ra_backup state;
    struct ra_backup_end end;
    bool ended;
    uint64_t members;       /* before the end record */
    struct ra_digest index; /* sha256 of index.json, when seen */
    uint64_t *data_at;      /* by blob: where its bytes are in the file; UINT64_MAX: not seen */
    bool *absent;           /* by blob: allowed to be missing */
    char **repos;           /* by name: what a repository is called here */
    uint32_t repos_n;
    bool scanned; /* the whole file was looked through before anything is done */
};

/* Reads header and catalogue, checks names and prerequisites. Takes input over, also on failure. */
int ra_import_backup_open(struct ra_import *im, struct ra_input *input, struct ra_err *err);
int ra_import_backup_run(struct ra_import *im, struct ra_err *err);
void ra_import_backup_free(struct import_backup *b);

/* Goes through all members behind the catalogue; `take` gets the blobs, and may leave their bytes unread. */
int ra_import_each_member(struct ra_import *im,
                          int (*take)(struct ra_import *im, uint32_t number, struct ra_err *err),
                          struct ra_err *err);
/* Whether all that was announced came, and the end record with it. */
int ra_import_check_end(struct import_backup *b, struct ra_err *err);

#endif
