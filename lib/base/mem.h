/*
 * Memory for small things: these never return NULL, they end the program with a line on stderr. Any size that
 * comes from outside is checked against a limit before it gets here; the `_array` forms also catch an
 * overflow of n * size. Results are freed with free().
 */
#ifndef RA_BASE_MEM_H
#define RA_BASE_MEM_H

#include "base/prelude.h"
#include <stdarg.h>

void *ra_malloc(size_t size) __attribute__((malloc, returns_nonnull));
void *ra_calloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
/* For reading files into: begins on a cache line, since some processors copy several times slower to elsewhere. */
void *ra_io_buffer(size_t size) __attribute__((malloc, returns_nonnull));
void *ra_realloc_array(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *ra_strdup(const char *s) __attribute__((malloc, returns_nonnull));
char *ra_strndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
void *ra_memdup(const void *p, size_t n) __attribute__((malloc, returns_nonnull));
char *ra_asprintf(const char *fmt, ...) RA_PRINTF(1, 2) __attribute__((returns_nonnull));
char *ra_vasprintf(const char *fmt, va_list args) RA_PRINTF(1, 0) __attribute__((returns_nonnull));

#define ra_new(type) ((type *)ra_calloc(1, sizeof(type)))

/* Hands freed memory back to the system, where the C library can: between two steps that need much each. */
void ra_give_back_memory(void);

/* Overwrites memory that held a secret; not optimised away. */
void ra_wipe(void *p, size_t n);

#endif
