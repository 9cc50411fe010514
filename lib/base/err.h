/*
 * Errors with context. A fallible function takes `struct ra_err *err` last and returns 0 or the negative
 * code; the error is made where it happens (ra_fail, ra_fail_sys), callers put "what was being done" in front
 * (ra_wrap), and only cmd/main.c prints it. Text: lower case, no full stop, the thing in single quotes:
 * "cannot read 'x': reason".
 *
 * `err` may be NULL everywhere: the code alone is returned. A struct ra_err starts zeroed ({0}) and belongs
 * to one thread at a time; ra_err_release frees its text. Making an error over an older one frees the older.
 * What a scan finds wrong in a storage is not an error but a finding (jobs/finding.h).
 */
#ifndef RA_BASE_ERR_H
#define RA_BASE_ERR_H

#include "base/auto.h"

enum ra_code {
    RA_OK = 0,
    RA_NOTFOUND,    /* no such key, file, repository, tag */
    RA_EXISTS,      /* a write that must not replace found something */
    RA_CORRUPT,     /* bytes that are not what their name, size or grammar says */
    RA_INVALID,     /* an argument or a setting that makes no sense */
    RA_TOOBIG,      /* over a limit of ours */
    RA_DENIED,      /* permission, or a read-only place */
    RA_BUSY,        /* somebody else holds the lock, or owns the storage */
    RA_UNSUPPORTED, /* this driver, file system or format cannot */
    RA_CANCELLED,   /* a signal, another worker's failure or a server that is gone asks to stop */
    RA_NOSPACE,     /* disk or quota full */
    RA_IO,          /* everything else the system says */
    RA_USAGE,       /* the command line */
};

struct ra_err {
    enum ra_code code;
    int sys;    /* errno, when the system said so; else 0 */
    char *msg;  /* owned; NULL while code is RA_OK */
    char *hint; /* owned; what to do next, printed on a line of its own; may be NULL */
};

void ra_err_release(struct ra_err *err);

/* Forgets the error, so that the struct can be used again. */
static inline void ra_err_clear(struct ra_err *err)
{
    if (err)
        ra_err_release(err);
}

/* Sets code and text; returns -code. */
int ra_fail(struct ra_err *err, enum ra_code code, const char *fmt, ...) RA_PRINTF(3, 4);

/* Like ra_fail from errno: the code is derived from it and ": strerror" is appended. Returns -code. */
int ra_fail_sys(struct ra_err *err, const char *fmt, ...) RA_PRINTF(2, 3);

/* Like ra_fail_sys, for a given error number. */
int ra_fail_errno(struct ra_err *err, int number, const char *fmt, ...) RA_PRINTF(3, 4);

/* Puts "<text>: " in front of the message that is there; returns -code of it (or `rc` where err is NULL). */
int ra_wrap(struct ra_err *err, int rc, const char *fmt, ...) RA_PRINTF(3, 4);

/* Adds what to do next (replaces an older hint); returns -code. */
int ra_hint(struct ra_err *err, int rc, const char *fmt, ...) RA_PRINTF(3, 4);

/* Moves `from` into `to` (which is released first) and returns -code. */
int ra_err_move(struct ra_err *to, struct ra_err *from);

/* The text of the error, never NULL. */
const char *ra_err_text(const struct ra_err *err);

/* The code for an errno value: ENOENT and ENOTDIR are NOTFOUND, EACCES EPERM EROFS DENIED, ENOSPC EDQUOT
 * NOSPACE... */
enum ra_code ra_code_of_errno(int number);

#define RA_ERR_AUTO __attribute__((cleanup(ra_err_release))) struct ra_err

#endif
