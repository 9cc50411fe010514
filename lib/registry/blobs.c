#include "registry/blobs.h"

#include "base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

/*
 * A number is a shard (8 bits) and a place in it (23 bits), or, with the highest bit set, a place in the side table.
 * The place of a digest is found through slots: open addressing, three quarters full when it grows and filled to seven
 * eighths when the number is known before. A slot holds place + 1 and eight bits of the digest, which spare a look at
 * nearly every entry that is another's: those looks are what a search takes its time for. Entries and slots move while
 * a shard grows, so they are only touched under its lock.
 */
#define SHARDS     256
#define PLACE_BITS 23
#define PLACES     (1u << PLACE_BITS)
#define TAG_SHIFT  24 /* of slots */
#define SIDE       (1u << 31)
#define SIZE_BITS  48
#define SIZE_MAX48 (((uint64_t)1 << SIZE_BITS) - 1)

struct entry {
    uint8_t bytes[32];
    uint64_t word; /* size, and above it 16 flags */
};

struct shard {
    pthread_mutex_t mutex;
    struct entry *at;
    uint32_t *slots;
    uint32_t n, cap, n_slots;
    uint32_t base; /* number of the entries in the shards before: see ra_blobs_freeze */
};

struct ra_blobs {
    struct shard shards[SHARDS];
    pthread_mutex_t side_mutex;
    struct ra_digest_set side;
    uint64_t *side_words;
    uint32_t side_cap, side_base;
};

struct ra_blobs *ra_blobs_new(void)
{
    struct ra_blobs *b = ra_new(struct ra_blobs);
    for (unsigned i = 0; i < SHARDS; i++)
        pthread_mutex_init(&b->shards[i].mutex, NULL);
    pthread_mutex_init(&b->side_mutex, NULL);
    return b;
}

void ra_blobs_free(struct ra_blobs *b)
{
    if (!b)
        return;
    for (unsigned i = 0; i < SHARDS; i++) {
        pthread_mutex_destroy(&b->shards[i].mutex);
        free(b->shards[i].at);
        free(b->shards[i].slots);
    }
    pthread_mutex_destroy(&b->side_mutex);
    ra_digest_set_release(&b->side);
    free(b->side_words);
    free(b);
}

/* --- one shard, its lock held ------------------------------------------------------------------------------- */

/* Spreads over any number of slots. The first byte is the same in the whole shard. */
static uint32_t first_slot(const struct shard *s, const uint8_t *bytes)
{
    uint32_t h;
    memcpy(&h, bytes + 1, sizeof(h));
    return (uint32_t)((uint64_t)h * s->n_slots >> 32);
}

static uint32_t slot_value(uint32_t place, const uint8_t *bytes)
{
    return (place + 1) | (uint32_t)bytes[5] << TAG_SHIFT;
}

/* The place in a slot that is not empty. */
static uint32_t place_in(uint32_t slot)
{
    return (slot & (((uint32_t)1 << TAG_SHIFT) - 1)) - 1;
}

static bool is_at(const struct shard *s, uint32_t slot, const uint8_t *bytes)
{
    return slot >> TAG_SHIFT == bytes[5] &&
           memcmp(s->at[place_in(slot)].bytes, bytes, sizeof(s->at->bytes)) == 0;
}

static uint32_t slot_of(const struct shard *s, const uint8_t *bytes)
{
    uint32_t i = first_slot(s, bytes);
    while (s->slots[i] && !is_at(s, s->slots[i], bytes))
        i = i + 1 < s->n_slots ? i + 1 : 0;
    return i;
}

static void resize(struct shard *s, uint32_t cap, uint32_t n_slots)
{
    s->at = ra_realloc_array(s->at, cap, sizeof(*s->at));
    s->cap = cap;
    free(s->slots);
    s->slots = ra_calloc(n_slots, sizeof(*s->slots));
    s->n_slots = n_slots;
    for (uint32_t i = 0; i < s->n; i++)
        s->slots[slot_of(s, s->at[i].bytes)] = slot_value(i, s->at[i].bytes);
}

static void grow(struct shard *s)
{
    uint32_t cap = s->cap + s->cap / 4 + 16;
    assert(cap < PLACES);
    resize(s, cap, cap + cap / 3 + 1);
}

/* Its place, or RA_NONE. */
static uint32_t find_in(const struct shard *s, const uint8_t *bytes)
{
    uint32_t slot = s->n_slots ? s->slots[slot_of(s, bytes)] : 0;
    return slot ? place_in(slot) : RA_NONE;
}

static uint32_t add_to(struct shard *s, const uint8_t *bytes)
{
    uint32_t found = find_in(s, bytes);
    if (found != RA_NONE)
        return found;
    if (s->n == s->cap)
        grow(s);
    struct entry *e = &s->at[s->n];
    memcpy(e->bytes, bytes, sizeof(e->bytes));
    e->word = 0;
    s->slots[slot_of(s, bytes)] = slot_value(s->n, bytes);
    return s->n++;
}

/* --- the side table, its lock held -------------------------------------------------------------------------- */

static uint32_t add_aside(struct ra_blobs *b, const struct ra_digest *d)
{
    uint32_t place = ra_digest_set_add(&b->side, d, NULL);
    if (place >= b->side_cap) {
        uint32_t cap = b->side.cap;
        b->side_words = ra_realloc_array(b->side_words, cap, sizeof(*b->side_words));
        memset(b->side_words + b->side_cap, 0, (cap - b->side_cap) * sizeof(*b->side_words));
        b->side_cap = cap;
    }
    return place;
}

/* --- numbers ------------------------------------------------------------------------------------------------ */

uint32_t ra_blobs_add(struct ra_blobs *b, const struct ra_digest *d)
{
    if (d->alg != RA_SHA256) {
        RA_LOCKED(&b->side_mutex);
        return SIDE | add_aside(b, d);
    }
    struct shard *s = &b->shards[d->bytes[0]];
    RA_LOCKED(&s->mutex);
    return (uint32_t)d->bytes[0] << PLACE_BITS | add_to(s, d->bytes);
}

uint32_t ra_blobs_find(struct ra_blobs *b, const struct ra_digest *d)
{
    if (d->alg != RA_SHA256) {
        RA_LOCKED(&b->side_mutex);
        uint32_t place = ra_digest_set_find(&b->side, d);
        return place == RA_NONE ? RA_NONE : SIDE | place;
    }
    struct shard *s = &b->shards[d->bytes[0]];
    RA_LOCKED(&s->mutex);
    uint32_t found = find_in(s, d->bytes);
    return found == RA_NONE ? RA_NONE : (uint32_t)d->bytes[0] << PLACE_BITS | found;
}

void ra_blobs_digest(struct ra_blobs *b, uint32_t id, struct ra_digest *out)
{
    if (id & SIDE) {
        RA_LOCKED(&b->side_mutex);
        *out = ra_digest_set_get(&b->side, id & ~SIDE);
        return;
    }
    struct shard *s = &b->shards[id >> PLACE_BITS];
    RA_LOCKED(&s->mutex);
    *out = (struct ra_digest){.alg = RA_SHA256};
    memcpy(out->bytes, s->at[id & (PLACES - 1)].bytes, sizeof(s->at->bytes));
}

void ra_blobs_reserve(struct ra_blobs *b, unsigned first, size_t n)
{
    struct shard *s = &b->shards[first];
    RA_LOCKED(&s->mutex);
    assert(n < PLACES - s->n);
    uint32_t cap = s->n + (uint32_t)n;
    if (cap > s->cap)
        resize(s, cap, cap + cap / 7 + 1);
}

/* --- what is known of one ----------------------------------------------------------------------------------- */

static uint64_t with_flags(uint64_t word, uint64_t flags)
{
    return word | flags << SIZE_BITS;
}

static uint64_t with_size(uint64_t word, uint64_t size)
{
    return (word & ~SIZE_MAX48) | (size < SIZE_MAX48 ? size : SIZE_MAX48);
}

static bool has(uint64_t word, unsigned flag)
{
    return word & (uint64_t)flag << SIZE_BITS;
}

/* The flag, when another size than `size` was told before. */
static unsigned dispute(uint64_t word, uint64_t size)
{
    bool told = has(word, RA_BLOB_SIZED | RA_BLOB_DECLARED);
    return told && with_size(word, size) != word ? RA_BLOB_DISPUTED : 0;
}

static uint64_t with_real_size(uint64_t word, uint64_t size)
{
    unsigned disputed = has(word, RA_BLOB_SIZED) ? 0 : dispute(word, size);
    return with_flags(with_size(word, size), RA_BLOB_SIZED | disputed);
}

static uint64_t with_declared_size(uint64_t word, uint64_t size)
{
    unsigned flags = RA_BLOB_DECLARED | dispute(word, size);
    if (has(word, RA_BLOB_SIZED) || size < (word & SIZE_MAX48))
        return with_flags(word, flags);
    return with_flags(with_size(word, size), flags);
}

/* Puts change(word, value) in the place of the word, and returns the one before. */
static uint64_t update(struct ra_blobs *b, uint32_t id, uint64_t (*change)(uint64_t word, uint64_t value),
                       uint64_t value)
{
    struct shard *s = id & SIDE ? NULL : &b->shards[id >> PLACE_BITS];
    RA_LOCKED(s ? &s->mutex : &b->side_mutex);
    uint64_t *word = s ? &s->at[id & (PLACES - 1)].word : &b->side_words[id & ~SIDE];
    uint64_t before = *word;
    *word = change(before, value);
    return before;
}

unsigned ra_blobs_set(struct ra_blobs *b, uint32_t id, unsigned flags)
{
    return (unsigned)(update(b, id, with_flags, flags) >> SIZE_BITS);
}

unsigned ra_blobs_flags(struct ra_blobs *b, uint32_t id)
{
    return ra_blobs_set(b, id, 0);
}

void ra_blobs_size_is(struct ra_blobs *b, uint32_t id, uint64_t size)
{
    update(b, id, with_real_size, size);
}

void ra_blobs_declare(struct ra_blobs *b, uint32_t id, uint64_t size)
{
    update(b, id, with_declared_size, size);
}

uint64_t ra_blobs_size(struct ra_blobs *b, uint32_t id)
{
    return update(b, id, with_flags, 0) & SIZE_MAX48;
}

/* --- all of them -------------------------------------------------------------------------------------------- */

void ra_blobs_freeze(struct ra_blobs *b)
{
    uint32_t base = 0;
    for (unsigned i = 0; i < SHARDS; i++) {
        b->shards[i].base = base;
        base += b->shards[i].n;
    }
    b->side_base = base;
}

uint32_t ra_blobs_count(const struct ra_blobs *b)
{
    return b->side_base + b->side.n;
}

uint32_t ra_blobs_index(const struct ra_blobs *b, uint32_t id)
{
    if (id & SIDE)
        return b->side_base + (id & ~SIDE);
    return b->shards[id >> PLACE_BITS].base + (id & (PLACES - 1));
}

static bool chosen(uint64_t word, unsigned with, unsigned without)
{
    unsigned flags = (unsigned)(word >> SIZE_BITS);
    return (flags & with) == with && !(flags & without);
}

static int compare_entries(const void *a, const void *b, void *arg)
{
    const struct entry *at = arg;
    return memcmp(at[*(const uint32_t *)a & (PLACES - 1)].bytes,
                  at[*(const uint32_t *)b & (PLACES - 1)].bytes, sizeof(at->bytes));
}

static int compare_aside(const void *a, const void *b, void *arg)
{
    return ra_digest_set_cmp(arg, *(const uint32_t *)a & ~SIDE, *(const uint32_t *)b & ~SIDE);
}

static uint32_t *part_aside(struct ra_blobs *b, unsigned with, unsigned without, size_t *n)
{
    RA_LOCKED(&b->side_mutex);
    uint32_t *ids = ra_realloc_array(NULL, b->side.n + 1, sizeof(*ids));
    for (uint32_t i = 0; i < b->side.n; i++)
        if (chosen(b->side_words[i], with, without))
            ids[(*n)++] = SIDE | i;
    qsort_r(ids, *n, sizeof(*ids), compare_aside, &b->side);
    return ids;
}

uint32_t *ra_blobs_part(struct ra_blobs *b, unsigned part, unsigned with, unsigned without, size_t *n)
{
    *n = 0;
    if (part >= SHARDS)
        return part_aside(b, with, without, n);
    struct shard *s = &b->shards[part];
    RA_LOCKED(&s->mutex);
    uint32_t *ids = ra_realloc_array(NULL, s->n + 1, sizeof(*ids));
    for (uint32_t i = 0; i < s->n; i++)
        if (chosen(s->at[i].word, with, without))
            ids[(*n)++] = part << PLACE_BITS | i;
    qsort_r(ids, *n, sizeof(*ids), compare_entries, s->at);
    return ids;
}
