#include "base/mem.h"

#include <malloc.h>

static RA_NORETURN void out_of_memory(void)
{
    static const char text[] = "regadm: out of memory\n";
    fwrite(text, 1, sizeof(text) - 1, stderr);
    abort();
}

void *ra_malloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p)
        out_of_memory();
    return p;
}

void *ra_calloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p)
        out_of_memory();
    return p;
}

void *ra_io_buffer(size_t size)
{
    void *p;
    if (posix_memalign(&p, 64, size ? size : 1))
        out_of_memory();
    return p;
}

void *ra_realloc_array(void *p, size_t n, size_t size)
{
    void *q = reallocarray(p, n ? n : 1, size ? size : 1);
    if (!q)
        out_of_memory();
    return q;
}

char *ra_strdup(const char *s)
{
    return ra_strndup(s, strlen(s));
}

char *ra_strndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = ra_malloc(len + 1);
    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

void *ra_memdup(const void *p, size_t n)
{
    void *copy = ra_malloc(n);
    if (n)
        memcpy(copy, p, n);
    return copy;
}

char *ra_vasprintf(const char *fmt, va_list args)
{
    char *s;
    if (vasprintf(&s, fmt, args) < 0)
        out_of_memory();
    return s;
}

char *ra_asprintf(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *s = ra_vasprintf(fmt, args);
    va_end(args);
    return s;
}

void ra_wipe(void *p, size_t n)
{
    explicit_bzero(p, n);
}

void ra_give_back_memory(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
