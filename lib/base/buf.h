/*
 * A growing byte buffer, always followed by a NUL, with a ceiling: whatever outside data fills has one.
 * Starts zeroed ({0}) with the default ceiling RA_BUF_MAX; `limit` may be set to another before use. Appending over the
 * ceiling aborts (a bug of ours); code that copies outside data checks first with ra_buf_room.
 */
#ifndef RA_BASE_BUF_H
#define RA_BASE_BUF_H

#include "base/auto.h"
#include "base/mem.h"

#define RA_BUF_MAX ((size_t)1 << 31)

struct ra_buf {
    char *data; /* NULL only while nothing was appended */
    size_t len;
    size_t cap;
    size_t limit; /* 0: RA_BUF_MAX */
};

void ra_buf_release(struct ra_buf *b);
/* Forgets the content, keeps the memory. */
void ra_buf_clear(struct ra_buf *b);
/* Whether n more bytes fit below the ceiling. */
bool ra_buf_room(const struct ra_buf *b, size_t n);
/* Room for n more bytes behind data+len; the caller fills them and adds to len. Returns data+len. */
char *ra_buf_reserve(struct ra_buf *b, size_t n);
void ra_buf_add(struct ra_buf *b, const void *p, size_t n);
void ra_buf_adds(struct ra_buf *b, const char *s);
void ra_buf_addc(struct ra_buf *b, char c);
void ra_buf_addf(struct ra_buf *b, const char *fmt, ...) RA_PRINTF(2, 3);
/* The content as a C string, never NULL; lent until the next change. */
const char *ra_buf_str(const struct ra_buf *b);
/* Hands the content over as a malloc'd C string; the buffer is empty afterwards. */
char *ra_buf_take(struct ra_buf *b);

#define RA_BUF_AUTO RA_AUTO(ra_buf, _release)

#endif
