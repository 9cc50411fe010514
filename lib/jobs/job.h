/*
 * What every job is handed: the storage, how many threads it may use, where findings and progress go. A job
 * returns counts and results, and prints nothing. Lent for the duration of the call.
 */
#ifndef RA_JOBS_JOB_H
#define RA_JOBS_JOB_H

#include "base/pool.h"
#include "base/progress.h"
#include "jobs/finding.h"
#include "store/store.h"

struct ra_job {
    struct ra_store *store;
    unsigned threads; /* for work that the processor bounds; at least 1 */
    struct ra_findings *findings;
    struct ra_progress *progress; /* may be NULL */
    bool dry_run;                 /* write nothing, take no lock */
};

/* Threads for requests that mostly wait (a cold disk, a network): the store's io_width, or 1 when threads
 * is 1. */
static inline unsigned ra_io_threads(const struct ra_store *store, unsigned threads)
{
    unsigned width = ra_store_info(store)->io_width;
    return threads <= 1 ? 1 : width > threads ? width : threads;
}
static inline unsigned ra_job_io_threads(const struct ra_job *job)
{
    return ra_io_threads(job->store, job->threads);
}

#define RA_COLD_WIDTH 128
/* Threads for ra_parallel_io: as many as a cold disk has use for, or as many as the store has connections. */
static inline unsigned ra_job_cold_threads(const struct ra_job *job)
{
    unsigned threads = ra_job_io_threads(job);
    bool disk = threads > 1 && ra_store_info(job->store)->caps & RA_CAP_FD;
    return disk && threads < RA_COLD_WIDTH ? RA_COLD_WIDTH : threads;
}

#endif
