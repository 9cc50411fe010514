#include "base/buf.h"

void ra_buf_release(struct ra_buf *b)
{
    free(b->data);
    size_t limit = b->limit;
    *b = (struct ra_buf){.limit = limit};
}

void ra_buf_clear(struct ra_buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

static size_t ceiling(const struct ra_buf *b)
{
    return b->limit ? b->limit : RA_BUF_MAX;
}

bool ra_buf_room(const struct ra_buf *b, size_t n)
{
    return n <= ceiling(b) && b->len <= ceiling(b) - n;
}

char *ra_buf_reserve(struct ra_buf *b, size_t n)
{
    if (!ra_buf_room(b, n))
        abort();
    size_t need = b->len + n + 1;
    if (need > b->cap) {
        size_t cap = b->cap + b->cap / 2;
        b->cap = cap < need ? need : cap;
        if (b->cap < 64)
            b->cap = 64;
        b->data = ra_realloc_array(b->data, b->cap, 1);
    }
    b->data[b->len + n] = '\0';
    return b->data + b->len;
}

void ra_buf_add(struct ra_buf *b, const void *p, size_t n)
{
    char *to = ra_buf_reserve(b, n);
    if (n)
        memcpy(to, p, n);
    b->len += n;
}

void ra_buf_adds(struct ra_buf *b, const char *s)
{
    ra_buf_add(b, s, strlen(s));
}

void ra_buf_addc(struct ra_buf *b, char c)
{
    ra_buf_add(b, &c, 1);
}

RA_PRINTF(2, 0) static void addv(struct ra_buf *b, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n > 0) {
        vsnprintf(ra_buf_reserve(b, (size_t)n), (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void ra_buf_addf(struct ra_buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    addv(b, fmt, args);
    va_end(args);
}

const char *ra_buf_str(const struct ra_buf *b)
{
    return b->data ? b->data : "";
}

char *ra_buf_take(struct ra_buf *b)
{
    char *s = b->data ? b->data : ra_strdup("");
    s[b->len] = '\0'; /* less may have been filled in than was reserved */
    b->data = NULL;
    b->len = b->cap = 0;
    return s;
}
