/*
 * Typed growing arrays: `RA_VEC(struct ra_x) v = {0}; *ra_vec_push(&v) = x;`. The elements are `v.at[0 ..
 * v.n)`. The array is freed with ra_vec_release; what the elements own is the owner's business.
 */
#ifndef RA_BASE_VEC_H
#define RA_BASE_VEC_H

#include "base/mem.h"

#define RA_VEC(type)   \
    struct {           \
        type *at;      \
        size_t n, cap; \
    }

/* A pointer to a new, zeroed last element; valid until the next push. */
#define ra_vec_push(v)                                                    \
    __extension__({                                                       \
        if ((v)->n == (v)->cap)                                           \
            (v)->at = ra_vec_grow_((v)->at, &(v)->cap, sizeof(*(v)->at)); \
        memset(&(v)->at[(v)->n], 0, sizeof(*(v)->at));                    \
        &(v)->at[(v)->n++];                                               \
    })

#define ra_vec_release(v) (free((v)->at), (v)->at = NULL, (v)->n = 0, (v)->cap = 0)

#define ra_vec_each(p, v) for (__typeof__(*(v)->at) *p = (v)->at; (v)->n && p < (v)->at + (v)->n; p++)

#define ra_vec_reverse(v)                                     \
    do                                                        \
        for (size_t i_ = 0, j_ = (v)->n; i_ + 1 < j_; i_++) { \
            __typeof__(*(v)->at) swapped_ = (v)->at[i_];      \
            (v)->at[i_] = (v)->at[--j_];                      \
            (v)->at[j_] = swapped_;                           \
        }                                                     \
    while (0)

static inline void *ra_vec_grow_(void *at, size_t *cap, size_t size)
{
    *cap = *cap ? *cap + *cap / 2 + 1 : 8;
    return ra_realloc_array(at, *cap, size);
}

#endif
