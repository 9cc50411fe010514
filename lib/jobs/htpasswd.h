/*
 * Changing and asking an htpasswd file, as a whole and safely: readers find the old file or the new one,
 * writers take turns, and the registry, which looks at nothing but the modification time, notices every
 * change.
 *
 * Errors: NOTFOUND, DENIED, NOSPACE, IO, BUSY for the file itself; CORRUPT for one that is no htpasswd file;
 * INVALID and TOOBIG for names, passwords and records that cannot be written.
 */
#ifndef RA_JOBS_HTPASSWD_H
#define RA_JOBS_HTPASSWD_H

#include "format/htpasswd.h"
#include "format/passhash.h"
#include "jobs/job.h"

struct ra_htpasswd_file {
    const char *path;
    bool create;   /* start from nothing, whatever is there */
    bool in_place; /* write into the file that is there: it cannot be replaced, being a mount of its own */
    int mode;      /* the permissions it gets; negative: its own, or 0600 and the folder's owner when new */
};

/* Whether an update could be written, to be asked before anybody types a password. */
int ra_htpasswd_check_access(const struct ra_htpasswd_file *file, struct ra_err *err);
/* What to say of a file that errno says is not there: "-c" is no advice where it just cannot be seen. Negative. */
int ra_htpasswd_absent(const char *path, struct ra_err *err);

/* Makes the changes, all or none. A file in which they change nothing is not touched. */
int ra_htpasswd_update(const struct ra_htpasswd_file *file, struct ra_htchange *changes, size_t n,
                       struct ra_err *err);

enum ra_htverdict { RA_HT_UNKNOWN, RA_HT_NO_HASH, RA_HT_WRONG, RA_HT_RIGHT };
/* Checks a password as the registry does: of several records of the user the last one counts; or as Apache's
 * tool does: all of them must match, and none may be the password itself. */
int ra_htpasswd_verify(const char *path, const char *user, const char *password, bool as_apache,
                       enum ra_htverdict *verdict, struct ra_err *err);

/* How passwords become hashes. */
struct ra_htpasswd_how {
    enum ra_passhash_kind kind;
    uint64_t cost; /* 0: the kind's own */
    bool truncate; /* let bcrypt cut what is over RA_BCRYPT_MAX, instead of refusing */
};

/* ra_passhash_make, with a TOOBIG of its own for what bcrypt would silently cut and for records too long. */
int ra_htpasswd_hash(const struct ra_htpasswd_how *how, const char *user, const char *password,
                     char out[static RA_PASSHASH_TEXT], struct ra_err *err);

/* --- many users at once --- */

#define RA_GENERATED_MOST 64 /* characters of a made-up password */

struct ra_htentry {
    const char *user, *password; /* lent from the batch */
    size_t line;
    char generated[RA_GENERATED_MOST + 1];
    char hash[RA_PASSHASH_TEXT];
};

struct ra_htbatch { /* starts zeroed */
    char *text;     /* owned, with `size` bytes that are wiped at the end */
    size_t size;
    RA_VEC(struct ra_htentry) entries;
};
void ra_htbatch_release(struct ra_htbatch *b);
#define RA_HTBATCH_AUTO RA_AUTO(ra_htbatch, _release)

/* Reads "user:password" lines, to the end of fd; with `generate`, lines are names and get a password of that
 * many characters each. Empty lines and those that begin with '#' are skipped. INVALID, naming the line, for
 * names that cannot be, passwords that are missing, users that come twice. */
int ra_htbatch_read(int fd, unsigned generate, struct ra_htbatch *b, struct ra_err *err);
/* Hashes all of them, on job->threads threads. */
int ra_htbatch_hash(const struct ra_job *job, const struct ra_htpasswd_how *how, struct ra_htbatch *b,
                    struct ra_err *err);
/* Adds and changes them all in one go; `added` of them were new. */
int ra_htbatch_update(const struct ra_htpasswd_file *file, const struct ra_htbatch *b, size_t *added,
                      struct ra_err *err);

#endif
