#include "base/arena.h"

#define CHUNK_MIN ((size_t)4096 - sizeof(struct ra_arena_chunk))
/* Every thread has an arena of its own: what the last chunk of each leaves unused must not add up. */
#define CHUNK_MAX ((size_t)32768 - sizeof(struct ra_arena_chunk))

struct ra_arena_chunk {
    struct ra_arena_chunk *older;
    size_t size;
    _Alignas(max_align_t) char bytes[];
};

void ra_arena_release(struct ra_arena *a)
{
    while (a->chunks) {
        struct ra_arena_chunk *older = a->chunks->older;
        free(a->chunks);
        a->chunks = older;
    }
    a->used = 0;
}

/* Chunks double for a while; one large thing gets a chunk of its own size. */
static void add_chunk(struct ra_arena *a, size_t least)
{
    size_t size = a->chunks ? a->chunks->size * 2 : CHUNK_MIN;
    if (size > CHUNK_MAX)
        size = CHUNK_MAX;
    if (size < least)
        size = least;
    struct ra_arena_chunk *c = ra_calloc(1, sizeof(*c) + size);
    c->older = a->chunks;
    c->size = size;
    a->chunks = c;
    a->used = 0;
}

void *ra_arena_alloc(struct ra_arena *a, size_t size)
{
    size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    if (!a->chunks || size > a->chunks->size - a->used)
        add_chunk(a, size);
    void *p = a->chunks->bytes + a->used;
    a->used += size;
    return p;
}

char *ra_arena_strndup(struct ra_arena *a, const char *s, size_t n)
{
    char *copy = ra_arena_alloc(a, n + 1);
    memcpy(copy, s, n);
    return copy;
}

char *ra_arena_strdup(struct ra_arena *a, const char *s)
{
    return ra_arena_strndup(a, s, strlen(s));
}

void *ra_arena_grow_(struct ra_arena *a, const void *at, size_t *cap, size_t size)
{
    size_t n = *cap;
    *cap = n ? 2 * n : 4;
    void *grown = ra_arena_alloc(a, *cap * size);
    if (n)
        memcpy(grown, at, n * size);
    return grown;
}
