/*
 * A key is stored as: bytes shared with the key before, length of the rest, the rest, (size << 1 | other), and the
 * difference of its time to the time before, signs folded in. All numbers are little endian in groups of seven bits.
 * The first key of a block shares nothing, so that reading can begin there.
 */
#include "store/keylist.h"

#define NUMBER_MAX 10

void ra_keylist_release(struct ra_keylist *l)
{
    free(l->bytes);
    ra_vec_release(&l->blocks);
    ra_buf_release(&l->last);
    *l = (struct ra_keylist){0};
}

static void reserve(struct ra_keylist *l, size_t n)
{
    if (l->cap - l->len >= n)
        return;
    l->cap += l->cap / 4 + n;
    l->bytes = ra_realloc_array(l->bytes, l->cap, 1);
}

static void put_number(struct ra_keylist *l, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        l->bytes[l->len++] = (uint8_t)(n | 0x80);
    l->bytes[l->len++] = (uint8_t)n;
}

static uint64_t fold(int64_t n)
{
    return (uint64_t)n << 1 ^ (uint64_t)(n >> 63);
}

static int64_t unfold(uint64_t n)
{
    return (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
}

static void begin_block(struct ra_keylist *l)
{
    *ra_vec_push(&l->blocks) = (struct ra_keyblock){l->len, l->n};
    ra_buf_clear(&l->last);
    l->last_mtime = 0;
    l->in_block = 0;
}

bool ra_keylist_add(struct ra_keylist *l, const char *key, const struct ra_stat *st)
{
    if (l->n && strcmp(ra_buf_str(&l->last), key) >= 0)
        return false;
    if (l->n == 0 || l->in_block == RA_KEYLIST_BLOCK)
        begin_block(l);
    size_t shared = 0, len = strlen(key);
    while (shared < l->last.len && l->last.data[shared] == key[shared])
        shared++;
    reserve(l, 4 * NUMBER_MAX + len - shared);
    put_number(l, shared);
    put_number(l, len - shared);
    memcpy(l->bytes + l->len, key + shared, len - shared);
    l->len += len - shared;
    put_number(l, st->size << 1 | (st->kind == RA_OTHER));
    put_number(l, fold((int64_t)((uint64_t)st->mtime - (uint64_t)l->last_mtime)));
    ra_buf_clear(&l->last);
    ra_buf_add(&l->last, key, len);
    l->last_mtime = st->mtime;
    l->in_block++;
    l->n++;
    return true;
}

static const char *first_key(const struct ra_keylist *l, struct ra_keycursor *c)
{
    return ra_keycursor_seek(c, l, "") ? ra_buf_str(&c->key) : "";
}

bool ra_keylist_join(struct ra_keylist *l, struct ra_keylist *from)
{
    RA_KEYCURSOR_AUTO c = {0};
    if (from->n && l->n && strcmp(first_key(from, &c), ra_buf_str(&l->last)) <= 0)
        return false;
    if (from->n) {
        reserve(l, from->len);
        memcpy(l->bytes + l->len, from->bytes, from->len);
        ra_vec_each (block, &from->blocks)
            *ra_vec_push(&l->blocks) = (struct ra_keyblock){l->len + block->offset, l->n + block->index};
        l->len += from->len;
        l->n += from->n;
        l->in_block = RA_KEYLIST_BLOCK;
        ra_buf_clear(&l->last);
        ra_buf_add(&l->last, from->last.data, from->last.len);
    }
    ra_keylist_release(from);
    return true;
}

void ra_keylist_shrink(struct ra_keylist *l)
{
    l->bytes = ra_realloc_array(l->bytes, l->len, 1);
    l->cap = l->len;
    l->blocks.at = ra_realloc_array(l->blocks.at, l->blocks.n, sizeof(*l->blocks.at));
    l->blocks.cap = l->blocks.n;
}

size_t ra_keylist_memory(const struct ra_keylist *l)
{
    return sizeof(*l) + l->cap + l->blocks.cap * sizeof(*l->blocks.at) + l->last.cap;
}

/* --- reading --- */

void ra_keycursor_release(struct ra_keycursor *c)
{
    ra_buf_release(&c->key);
}

static uint64_t get_number(struct ra_keycursor *c)
{
    uint64_t n = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = c->list->bytes[c->at++];
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return n;
    }
}

static uint64_t block_size(const struct ra_keylist *l, size_t block)
{
    uint64_t end = block + 1 < l->blocks.n ? l->blocks.at[block + 1].index : l->n;
    return end - l->blocks.at[block].index;
}

static void enter_block(struct ra_keycursor *c, size_t block)
{
    c->block = block;
    c->in_block = 0;
    ra_buf_clear(&c->key);
    c->st = (struct ra_stat){0};
    if (block < c->list->blocks.n)
        c->at = c->list->blocks.at[block].offset;
}

bool ra_keycursor_next(struct ra_keycursor *c)
{
    if (c->block < c->list->blocks.n && c->in_block == block_size(c->list, c->block))
        enter_block(c, c->block + 1);
    if (c->block >= c->list->blocks.n)
        return false;
    c->key.len = (size_t)get_number(c);
    size_t rest = (size_t)get_number(c);
    ra_buf_add(&c->key, c->list->bytes + c->at, rest);
    c->at += rest;
    uint64_t size = get_number(c);
    c->st.kind = size & 1 ? RA_OTHER : RA_OBJECT;
    c->st.size = c->st.disk = size >> 1;
    c->st.mtime = (int64_t)((uint64_t)c->st.mtime + (uint64_t)unfold(get_number(c)));
    c->index = c->list->blocks.at[c->block].index + c->in_block++;
    return true;
}

/* The last block whose first key is not after `key`: the one in which it lies, if it does. */
static size_t block_of(struct ra_keycursor *c, const char *key)
{
    size_t low = 0, high = c->list->blocks.n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        enter_block(c, middle);
        ra_keycursor_next(c);
        if (strcmp(ra_buf_str(&c->key), key) <= 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool ra_keycursor_seek(struct ra_keycursor *c, const struct ra_keylist *l, const char *key)
{
    c->list = l;
    enter_block(c, block_of(c, key));
    while (ra_keycursor_next(c))
        if (strcmp(ra_buf_str(&c->key), key) >= 0)
            return true;
    return false;
}
