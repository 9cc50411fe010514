/*
 * The lines of an htpasswd file: who is in it, and the same file with users added, changed or taken out.
 *
 * The grammar is what Apache's tools and the registry agree on: one "user:hash" a line, blanks around a line
 * do not count, empty lines and those that begin with '#' are kept as they are, the first ':' ends the name.
 * A line without ':' makes the whole file invalid for both. Untouched lines keep every byte.
 */
#ifndef RA_FORMAT_HTPASSWD_H
#define RA_FORMAT_HTPASSWD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

#define RA_HTPASSWD_MAX      ((size_t)64 << 20) /* bytes of a file */
#define RA_HTPASSWD_USER_MAX 255 /* bytes of a name, and of a record with its end: more breaks */
#define RA_HTPASSWD_LINE_MAX 255 /* Apache's tool */
#define RA_HTPASSWD_SCAN_MAX ((size_t)64 << 10) /* bytes of a line: more breaks the registry */

enum ra_htline_kind { RA_HTLINE_BLANK /* or a comment */, RA_HTLINE_RECORD, RA_HTLINE_BROKEN /* no ':' */ };

struct ra_htline { /* lent from the text */
    enum ra_htline_kind kind;
    size_t number; /* from 1 */
    const char *at;
    size_t n; /* with its line end, if it has one */
    const char *user, *hash;
    size_t user_n, hash_n;
};

/* The line at text[*at..n), and *at moved behind it; false at the end. `line` starts zeroed. Never fails. */
bool ra_htline_next(const char *text, size_t n, size_t *at, struct ra_htline *line);

/* Whether two names are the same. */
static inline bool ra_htline_is(const struct ra_htline *line, const char *user)
{
    return line->kind == RA_HTLINE_RECORD && strlen(user) == line->user_n &&
           memcmp(line->user, user, line->user_n) == 0;
}

/* INVALID, and why, for a name that no reader of the file would find again: empty, with a ':' or a line
 * break, with a blank or a '#' in front; TOOBIG over RA_HTPASSWD_USER_MAX. */
int ra_htpasswd_check_user(const char *user, struct ra_err *err);
/* TOOBIG when "user:hash" and its line end make a longer record than Apache's tools read back. */
int ra_htpasswd_check_record(const char *user, const char *hash, struct ra_err *err);

struct ra_htchange {
    const char *user; /* lent */
    const char *hash; /* lent; NULL takes the user out */
    size_t matched;   /* out: how many records there were */
};

/*
 * Appends to `out` the text with the changes made: each record of a user is replaced where it stands, a user
 * who has none is added at the end, in the order given and on a line of their own even when the last line has
 * no end. The users in `changes` differ. CORRUPT, naming the first line without ':'.
 */
int ra_htpasswd_edit(const char *text, size_t n, struct ra_htchange *changes, size_t n_changes,
                     struct ra_buf *out, struct ra_err *err);

#endif
