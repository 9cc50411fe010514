/*
 * Ownership that ends with its scope. A variable declared with one of these is released on every way out of
 * its block; `ra_steal_*` hands the value over to the caller instead. All helpers are idempotent and keep
 * errno.
 */
#ifndef RA_BASE_AUTO_H
#define RA_BASE_AUTO_H

#include "base/prelude.h"
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

static inline void ra_auto_free_(void *p)
{
    int e = errno;
    free(*(void **)p);
    errno = e;
}

static inline void ra_auto_close_(int *fd)
{
    int e = errno;
    if (*fd >= 0)
        close(*fd);
    errno = e;
}

static inline void ra_auto_fclose_(FILE **f)
{
    int e = errno;
    if (*f)
        fclose(*f);
    errno = e;
}

static inline void ra_auto_unlock_(pthread_mutex_t **m)
{
    if (*m)
        pthread_mutex_unlock(*m);
}

static inline pthread_mutex_t *ra_lock_(pthread_mutex_t *m)
{
    pthread_mutex_lock(m);
    return m;
}

/* A malloc'd pointer, freed at the end of the scope: `ra_auto_free char *s = ...;` */
#define ra_auto_free __attribute__((cleanup(ra_auto_free_)))
/* A file descriptor or -1. Never for written data whose close() must be checked. */
#define ra_auto_fd   __attribute__((cleanup(ra_auto_close_)))
#define ra_auto_file __attribute__((cleanup(ra_auto_fclose_)))

/* `RA_AUTO(ra_buf, _release) struct ra_buf b` calls ra_buf_release(&b); for pointers see RA_AUTO_PTR. */
#define RA_AUTO(type, how) __attribute__((cleanup(type##how))) struct type

/* Defines the cleanup function for `RA_AUTO_PTR(ra_thing) t`: put it beside the free function's declaration. */
#define RA_DEFINE_AUTO_PTR(type, free_function)      \
    static inline void type##_auto_(struct type **p) \
    {                                                \
        int e = errno;                               \
        if (*p)                                      \
            free_function(*p);                       \
        errno = e;                                   \
    }
#define RA_AUTO_PTR(type) __attribute__((cleanup(type##_auto_), unused)) struct type *

/* Holds a mutex until the end of the block. */
#define RA_LOCKED(mutex) \
    __attribute__((cleanup(ra_auto_unlock_), unused)) pthread_mutex_t *ra_locked_here_ = ra_lock_(mutex)

#define ra_steal_ptr(pp)                      \
    __extension__({                           \
        __typeof__(*(pp)) ra_stolen_ = *(pp); \
        *(pp) = NULL;                         \
        ra_stolen_;                           \
    })

static inline int ra_steal_fd(int *fd)
{
    int stolen = *fd;
    *fd = -1;
    return stolen;
}

#endif
