/*
 * What a registry makes of an htpasswd file: who can log in, and what is wrong with the rest.
 */
#ifndef RA_JOBS_HTCHECK_H
#define RA_JOBS_HTCHECK_H

#include "format/htpasswd.h"
#include "format/passhash.h"
#include "jobs/job.h"

#define RA_HT_COST_LOW  10 /* less is cheap to guess */
#define RA_HT_COST_HIGH 14 /* more is felt in every request */

struct ra_htuser {
    struct ra_htline line; /* lent from the list's text */
    struct ra_passhash_info hash;
    size_t hidden_by; /* the line of a later record of the same user, which counts instead; 0: none */
    bool accepted;    /* the registry lets this record's password in */
};

struct ra_htlist { /* starts zeroed */
    struct ra_buf text;
    RA_VEC(struct ra_htuser) users; /* in the order of the file */
    size_t refused; /* the first line for which the registry refuses the whole file; 0: none */
};
void ra_htlist_release(struct ra_htlist *l);
#define RA_HTLIST_AUTO RA_AUTO(ra_htlist, _release)

/* Reads the users of a file. A line that the registry cannot read makes nobody accepted, but is no error. */
int ra_htpasswd_list(const char *path, struct ra_htlist *out, struct ra_err *err);

/* Lists what is wrong with the file in job->findings; fails only when it cannot be read. */
int ra_htpasswd_check(const struct ra_job *job, const char *path, struct ra_err *err);

#endif
