/* One blob out of the storage. Private to lib/jobs/export*.c. */
#ifndef RA_JOBS_EXPORT_COPY_H
#define RA_JOBS_EXPORT_COPY_H

#include "jobs/export_plan.h"

/* Hands on all bytes of a blob, and makes sure that they are what its digest says. CORRUPT: it is added to p->bad. */
int ra_export_copy(struct ra_export_plan *p, uint32_t number, struct ra_sink to, struct ra_err *err);
/* The same, unpacked. */
int ra_export_unpack(struct ra_export_plan *p, uint32_t number, struct ra_sink to, struct ra_err *err);
/* All blobs, with their headers, to their places in a file that has its full length; shared on disk where the file
 * system can. With --skip-damaged the bad ones are noted down, and the others go on. */
int ra_export_copy_to_file(struct ra_export_plan *p, int fd, struct ra_err *err);

#endif
