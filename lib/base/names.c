#include "base/names.h"

#include <sys/random.h>

void ra_names_release(struct ra_names *t)
{
    free(t->at);
    free(t->slots);
    ra_arena_release(&t->arena);
    *t = (struct ra_names){0};
}

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    return h ^ (h >> 32);
}

static uint64_t hash(const struct ra_names *t, const char *s, size_t n)
{
    uint64_t h = t->key ^ n;
    for (; n >= 8; s += 8, n -= 8) {
        uint64_t word;
        memcpy(&word, s, 8);
        h = mix(h ^ word) * 0x9e3779b97f4a7c15u + t->key;
    }
    uint64_t tail = 0;
    memcpy(&tail, s, n);
    return mix(h ^ tail);
}

/* The slot that holds s, or the free one where it belongs. */
static uint32_t *slot_of(const struct ra_names *t, const char *s, size_t n)
{
    uint32_t mask = t->n_slots - 1;
    for (uint32_t i = (uint32_t)hash(t, s, n) & mask;; i = (i + 1) & mask) {
        uint32_t number = t->slots[i];
        if (number == RA_NO_NAME || (strncmp(t->at[number], s, n) == 0 && !t->at[number][n]))
            return &t->slots[i];
    }
}

static void grow(struct ra_names *t)
{
    if (!t->key && getrandom(&t->key, sizeof(t->key), GRND_NONBLOCK) < 0)
        t->key = (uint64_t)(uintptr_t)t;
    free(t->slots);
    t->n_slots = t->n_slots ? t->n_slots * 2 : 64;
    t->slots = ra_malloc(t->n_slots * sizeof(*t->slots));
    memset(t->slots, 0xff, t->n_slots * sizeof(*t->slots));
    for (uint32_t i = 0; i < t->n; i++)
        *slot_of(t, t->at[i], strlen(t->at[i])) = i;
}

uint32_t ra_names_add(struct ra_names *t, const char *s, size_t n, bool *fresh)
{
    if (t->n >= t->n_slots / 2)
        grow(t);
    uint32_t *slot = slot_of(t, s, n);
    if (fresh)
        *fresh = *slot == RA_NO_NAME;
    if (*slot != RA_NO_NAME)
        return *slot;
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 64;
        t->at = ra_realloc_array(t->at, t->cap, sizeof(*t->at));
    }
    t->at[t->n] = ra_arena_strndup(&t->arena, s, n);
    return *slot = t->n++;
}

uint32_t ra_names_find(const struct ra_names *t, const char *s, size_t n)
{
    return t->n_slots ? *slot_of(t, s, n) : RA_NO_NAME;
}
