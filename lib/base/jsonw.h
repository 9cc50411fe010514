/*
 * Writing JSON piece by piece, to a FILE or a buffer. Commas, indentation and escapes are its business; wrong
 * nesting is a bug of the caller and aborts.
 *
 *     struct ra_jsonw w;
 *     ra_jsonw_to_file(&w, stdout, true);
 *     ra_jsonw_object(&w);
 *     ra_jsonw_key_str(&w, "schema", "regadm/ls/1");
 *     ra_jsonw_key(&w, "repositories"); ra_jsonw_array(&w); ... ra_jsonw_end(&w);
 *     ra_jsonw_end(&w);
 *     return ra_jsonw_finish(&w, err);
 *
 * Threads: a writer belongs to one thread.
 */
#ifndef RA_BASE_JSONW_H
#define RA_BASE_JSONW_H

#include "base/buf.h"
#include "base/err.h"

/* Containers within containers. */
#define RA_JSONW_DEPTH 1024

struct ra_jsonw { /* private */
    FILE *file;
    struct ra_buf *buf;
    unsigned depth;
    bool pretty, first, keyed, done;
    uint64_t objects[RA_JSONW_DEPTH / 64];
};

/* `pretty`: indented by two, one member a line; else no white space at all. */
void ra_jsonw_to_file(struct ra_jsonw *w, FILE *file, bool pretty);
/* Appends to `buf`, within its ceiling. */
void ra_jsonw_to_buf(struct ra_jsonw *w, struct ra_buf *buf, bool pretty);
/* The document must be complete; `pretty` output ends with a newline. Flushes a file and tells whether all of
 * it could be written (IO, NOSPACE...). */
int ra_jsonw_finish(struct ra_jsonw *w, struct ra_err *err);

void ra_jsonw_object(struct ra_jsonw *w);
void ra_jsonw_array(struct ra_jsonw *w);
/* Ends the innermost object or array. */
void ra_jsonw_end(struct ra_jsonw *w);
/* Names the next value; within objects only. */
void ra_jsonw_key(struct ra_jsonw *w, const char *key);
void ra_jsonw_keyn(struct ra_jsonw *w, const char *key, size_t n);

/* Strings: bytes that are not UTF-8 become U+FFFD; control characters become \u escapes, as do those that turn the
 * text of a terminal around: JSON may end on one. A NULL string is written as null. */
void ra_jsonw_str(struct ra_jsonw *w, const char *s);
void ra_jsonw_strn(struct ra_jsonw *w, const char *s, size_t n);
void ra_jsonw_u64(struct ra_jsonw *w, uint64_t value);
void ra_jsonw_i64(struct ra_jsonw *w, int64_t value);
void ra_jsonw_bool(struct ra_jsonw *w, bool value);
void ra_jsonw_null(struct ra_jsonw *w);
/* Bytes that are one JSON value already, written as they are. For JSON from outside use ra_json_copy
 * (format/json.h). */
void ra_jsonw_raw(struct ra_jsonw *w, const char *json, size_t n);

static inline void ra_jsonw_key_str(struct ra_jsonw *w, const char *key, const char *s)
{
    ra_jsonw_key(w, key);
    ra_jsonw_str(w, s);
}

static inline void ra_jsonw_key_u64(struct ra_jsonw *w, const char *key, uint64_t value)
{
    ra_jsonw_key(w, key);
    ra_jsonw_u64(w, value);
}

static inline void ra_jsonw_key_i64(struct ra_jsonw *w, const char *key, int64_t value)
{
    ra_jsonw_key(w, key);
    ra_jsonw_i64(w, value);
}

static inline void ra_jsonw_key_bool(struct ra_jsonw *w, const char *key, bool value)
{
    ra_jsonw_key(w, key);
    ra_jsonw_bool(w, value);
}

#endif
