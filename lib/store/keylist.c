/*
 * A block is the number of its keys in one byte, and the keys. A key is stored as:
 *   bytes shared with the beginning of the key before,
 *   bytes shared with its end << 2 | the time is in whole seconds << 1 | it is RA_OTHER,
 *   what stands between the two, in runs: (bytes << 2 | hexadecimal << 1 | it is the last run), and the bytes, which
 *   are two digits each in a hexadecimal run,
 *   the size, and the difference of the time to the time before, signs folded in.
 * All numbers are little endian in groups of seven bits. The first key of a block shares nothing, so that reading can
 * begin there.
 */
#include "store/keylist.h"

#include "base/clock.h"
#include "base/str.h"

#include <endian.h>

#define NUMBER_MAX  10
#define BLOCK_BEGIN 704
/* Digits that are worth a run of their own. */
#define HEX_MIN 8

enum { OTHER = 1, SECONDS = 2 };
enum { LAST = 1, HEX = 2 };

void ra_keylist_release(struct ra_keylist *l)
{
    ra_vec_each (block, &l->blocks)
        free(block->bytes);
    ra_vec_release(&l->blocks);
    ra_buf_release(&l->last);
    *l = (struct ra_keylist){0};
}

static uint8_t **open_block(struct ra_keylist *l)
{
    return &l->blocks.at[l->blocks.n - 1].bytes;
}

static void reserve(struct ra_keylist *l, size_t n)
{
    if (l->cap - l->len >= n)
        return;
    l->cap = l->len + n + l->cap / 4;
    *open_block(l) = ra_realloc_array(*open_block(l), l->cap, 1);
}

static void put(struct ra_keylist *l, uint8_t byte)
{
    (*open_block(l))[l->len++] = byte;
}

static void put_number(struct ra_keylist *l, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        put(l, (uint8_t)(n | 0x80));
    put(l, (uint8_t)n);
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
    *ra_vec_push(&l->blocks) = (struct ra_keyblock){.index = l->n};
    l->len = l->cap = 0;
    reserve(l, BLOCK_BEGIN);
    put(l, 0);
    ra_buf_clear(&l->last);
    l->last_mtime = 0;
}

static void end_block(struct ra_keylist *l)
{
    if (l->cap == 0)
        return;
    *open_block(l) = ra_realloc_array(*open_block(l), l->len, 1);
    l->held += l->len;
    l->len = l->cap = 0;
}

/* --- a key --- */

static int digit(char c)
{
    static const int8_t one_more[256] = {
        ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
        ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16};
    return one_more[(unsigned char)c] - 1;
}

static size_t count_digits(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && digit(s[i]) >= 0)
        i++;
    return i;
}

/* Where the first run of digits worth the name begins, and, in *digits, how many there are: an even number. */
static size_t find_digits(const char *s, size_t n, size_t *digits)
{
    for (size_t i = 0; i < n; i++) {
        size_t there = count_digits(s + i, n - i);
        *digits = there & ~(size_t)1;
        if (*digits >= HEX_MIN)
            return i + there % 2;
        i += there;
    }
    *digits = 0;
    return n;
}

static void put_literal(struct ra_keylist *l, const char *s, size_t n, bool last)
{
    put_number(l, n << 2 | (last ? LAST : 0));
    memcpy(*open_block(l) + l->len, s, n);
    l->len += n;
}

static void put_digits(struct ra_keylist *l, const char *s, size_t n, bool last)
{
    put_number(l, n / 2 << 2 | HEX | (last ? LAST : 0));
    for (size_t i = 0; i < n; i += 2)
        put(l, (uint8_t)(digit(s[i]) << 4 | digit(s[i + 1])));
}

static void put_runs(struct ra_keylist *l, const char *s, size_t n)
{
    do {
        size_t digits, before = find_digits(s, n, &digits);
        if (before > 0 || digits == 0)
            put_literal(l, s, before, before == n);
        if (digits > 0)
            put_digits(l, s + before, digits, before + digits == n);
        s += before + digits;
        n -= before + digits;
    } while (n > 0);
}

/* Bytes that both have at their ends, of those that they do not share at their beginnings. */
static size_t shared_end(const struct ra_buf *last, const char *key, size_t len, size_t shared)
{
    size_t n = 0, most = (last->len < len ? last->len : len) - shared;
    while (n < most && last->data[last->len - 1 - n] == key[len - 1 - n])
        n++;
    return n;
}

static void put_key(struct ra_keylist *l, const char *key, size_t len, unsigned flags)
{
    size_t shared = 0;
    while (shared < l->last.len && l->last.data[shared] == key[shared])
        shared++;
    size_t end = shared_end(&l->last, key, len, shared), middle = len - shared - end;
    /* No run takes more than twice what it stands for: it is never empty, but where all of them are. */
    reserve(l, 6 * NUMBER_MAX + 2 * middle);
    put_number(l, shared);
    put_number(l, end << 2 | flags);
    put_runs(l, key + shared, middle);
}

/* Whether the difference is told in seconds. */
static bool whole_seconds(int64_t mtime, int64_t before)
{
    int64_t delta;
    return mtime % RA_SECOND == 0 && before % RA_SECOND == 0 &&
           !__builtin_sub_overflow(mtime, before, &delta);
}

static bool in_order(const struct ra_keylist *l, const char *key)
{
    return l->last.len == 0 || strcmp(ra_buf_str(&l->last), key) < 0;
}

bool ra_keylist_add(struct ra_keylist *l, const char *key, const struct ra_stat *st)
{
    if (!in_order(l, key))
        return false;
    if (l->cap == 0)
        begin_block(l);
    bool seconds = whole_seconds(st->mtime, l->last_mtime);
    size_t len = strlen(key);
    put_key(l, key, len, (st->kind == RA_OTHER ? OTHER : 0) | (seconds ? SECONDS : 0));
    put_number(l, st->size);
    int64_t delta = (int64_t)((uint64_t)st->mtime - (uint64_t)l->last_mtime);
    put_number(l, fold(seconds ? delta / RA_SECOND : delta));
    ra_buf_clear(&l->last);
    ra_buf_add(&l->last, key, len);
    l->last_mtime = st->mtime;
    l->n++;
    if (++(*open_block(l))[0] == RA_KEYLIST_BLOCK)
        end_block(l);
    return true;
}

/* What is added next must not be told by this key, which nobody will know: it begins a block. */
bool ra_keylist_pass(struct ra_keylist *l, const char *key)
{
    if (!in_order(l, key))
        return false;
    end_block(l);
    ra_buf_clear(&l->last);
    ra_buf_adds(&l->last, key);
    return true;
}

static const char *first_key(const struct ra_keylist *l, struct ra_keycursor *c)
{
    return ra_keycursor_seek(c, l, "") ? ra_buf_str(&c->key) : "";
}

bool ra_keylist_join(struct ra_keylist *l, struct ra_keylist *from)
{
    RA_KEYCURSOR_AUTO c = {0};
    if (from->n && !in_order(l, first_key(from, &c)))
        return false;
    end_block(l);
    end_block(from);
    ra_vec_each (block, &from->blocks)
        *ra_vec_push(&l->blocks) = (struct ra_keyblock){block->bytes, l->n + block->index};
    if (from->last.len) {
        ra_buf_clear(&l->last);
        ra_buf_add(&l->last, from->last.data, from->last.len);
    }
    l->n += from->n;
    l->held += from->held;
    from->blocks.n = 0;
    ra_keylist_release(from);
    return true;
}

void ra_keylist_shrink(struct ra_keylist *l)
{
    end_block(l);
    l->blocks.at = ra_realloc_array(l->blocks.at, l->blocks.n, sizeof(*l->blocks.at));
    l->blocks.cap = l->blocks.n;
}

size_t ra_keylist_memory(const struct ra_keylist *l)
{
    return sizeof(*l) + l->held + l->cap + l->blocks.cap * sizeof(*l->blocks.at) + l->last.cap;
}

/* --- reading --- */

void ra_keycursor_release(struct ra_keycursor *c)
{
    ra_buf_release(&c->key);
}

static uint64_t get_number(const uint8_t **at)
{
    uint64_t n = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = *(*at)++;
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return n;
    }
}

/* How many characters the runs from here on are. */
static size_t measure_runs(const uint8_t *at)
{
    size_t sum = 0;
    for (;;) {
        uint64_t head = get_number(&at);
        size_t bytes = (size_t)(head >> 2);
        sum += head & HEX ? 2 * bytes : bytes;
        if (head & LAST)
            return sum;
        at += bytes;
    }
}

/* Eight digits at once: four bytes, spread to a nibble in each of eight, and a letter's distance added above nine. */
static void get_eight(const uint8_t *from, char *to)
{
    uint32_t bytes;
    memcpy(&bytes, from, sizeof(bytes));
    uint64_t x = le32toh(bytes);
    x = (x | x << 16) & 0x0000ffff0000ffff;
    x = (x | x << 8) & 0x00ff00ff00ff00ff;
    x = (x >> 4 & 0x000f000f000f000f) | (x & 0x000f000f000f000f) << 8;
    uint64_t letters = (x + 0x0606060606060606) >> 4 & 0x0101010101010101;
    x = htole64(x + 0x3030303030303030 + letters * ('a' - '0' - 10));
    memcpy(to, &x, sizeof(x));
}

static char *get_digits(const uint8_t *from, size_t n, char *to)
{
    static const char digits[] = "0123456789abcdef";
    for (; n >= 4; n -= 4, from += 4, to += 8)
        get_eight(from, to);
    for (; n > 0; n--, from++) {
        *to++ = digits[*from >> 4];
        *to++ = digits[*from & 15];
    }
    return to;
}

static void get_runs(const uint8_t **at, char *to)
{
    for (;;) {
        uint64_t head = get_number(at);
        size_t bytes = (size_t)(head >> 2);
        if (head & HEX)
            to = get_digits(*at, bytes, to);
        else
            to = (char *)memcpy(to, *at, bytes) + bytes;
        *at += bytes;
        if (head & LAST)
            return;
    }
}

static void get_key(struct ra_keycursor *c, size_t shared, size_t end)
{
    size_t middle = measure_runs(c->at), len = shared + middle + end, before = c->key.len;
    ra_buf_reserve(&c->key, len > before ? len - before : 0);
    memmove(c->key.data + shared + middle, c->key.data + before - end, end);
    get_runs(&c->at, c->key.data + shared);
    c->key.data[len] = '\0';
    c->key.len = len;
}

static void enter_block(struct ra_keycursor *c, size_t block)
{
    c->block = block;
    c->left = 0;
    ra_buf_clear(&c->key);
    c->st = (struct ra_stat){0};
    if (block >= c->list->blocks.n)
        return;
    c->at = c->list->blocks.at[block].bytes;
    c->left = *c->at++;
    c->index = c->list->blocks.at[block].index - 1;
}

bool ra_keycursor_next(struct ra_keycursor *c)
{
    if (c->left == 0 && c->block < c->list->blocks.n)
        enter_block(c, c->block + 1);
    if (c->left == 0)
        return false;
    size_t shared = (size_t)get_number(&c->at);
    uint64_t end = get_number(&c->at);
    get_key(c, shared, (size_t)(end >> 2));
    c->st.kind = end & OTHER ? RA_OTHER : RA_OBJECT;
    c->st.size = c->st.disk = get_number(&c->at);
    uint64_t delta = (uint64_t)unfold(get_number(&c->at));
    c->st.mtime = (int64_t)((uint64_t)c->st.mtime + (end & SECONDS ? delta * RA_SECOND : delta));
    c->index++;
    c->left--;
    return true;
}

/* Into c->key, and to that key. */
static const char *first_of(struct ra_keycursor *c, size_t block)
{
    enter_block(c, block);
    ra_keycursor_next(c);
    return ra_buf_str(&c->key);
}

/* The last block whose first key is not after `key`: the one in which it lies, if it does. */
static size_t block_of(struct ra_keycursor *c, const char *key)
{
    size_t low = 0, high = c->list->blocks.n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(first_of(c, middle), key) <= 0)
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

/* --- forgetting --- */

static size_t length_of(struct ra_keycursor *c, size_t block)
{
    enter_block(c, block);
    while (c->left > 0)
        ra_keycursor_next(c);
    return (size_t)(c->at - c->list->blocks.at[block].bytes);
}

/* A block goes when its first key and the one behind its last begin with the prefix: then all do. */
void ra_keylist_forget(struct ra_keylist *l, const char *prefix)
{
    RA_KEYCURSOR_AUTO c = {.list = l};
    size_t kept = 0;
    ra_keylist_shrink(l);
    for (size_t i = 0; i < l->blocks.n; i++) {
        bool inside =
            ra_starts_with(first_of(&c, i), prefix) &&
            ra_starts_with(i + 1 < l->blocks.n ? first_of(&c, i + 1) : ra_buf_str(&l->last), prefix);
        if (!inside) {
            l->blocks.at[kept++] = l->blocks.at[i];
            continue;
        }
        l->held -= length_of(&c, i);
        free(l->blocks.at[i].bytes);
    }
    l->blocks.n = kept;
    ra_keylist_shrink(l);
}
