#include "format/digest.h"

#include "base/mem.h"
#include "format/sha256.h"

#include <openssl/evp.h>

static const struct {
    const char *name;
    size_t size;
} algs[RA_ALG_COUNT] = {
    [RA_SHA256] = {"sha256", 32}, [RA_SHA384] = {"sha384", 48}, [RA_SHA512] = {"sha512", 64}};

const char *ra_alg_name(enum ra_alg alg)
{
    return algs[alg].name;
}

size_t ra_alg_size(enum ra_alg alg)
{
    return algs[alg].size;
}

int ra_alg_find(const char *name, size_t n)
{
    for (int alg = 0; alg < RA_ALG_COUNT; alg++)
        if (strlen(algs[alg].name) == n && memcmp(algs[alg].name, name, n) == 0)
            return alg;
    return -1;
}

/* Without a branch a digit: marking parses a million digests, and letters cannot be predicted. */
bool ra_digest_parse_hex(enum ra_alg alg, const char *hex, size_t n, struct ra_digest *out)
{
    enum { VALID = 16 };
    static const uint8_t digits[256] = {
        ['0'] = VALID + 0,  ['1'] = VALID + 1,  ['2'] = VALID + 2,  ['3'] = VALID + 3,
        ['4'] = VALID + 4,  ['5'] = VALID + 5,  ['6'] = VALID + 6,  ['7'] = VALID + 7,
        ['8'] = VALID + 8,  ['9'] = VALID + 9,  ['a'] = VALID + 10, ['b'] = VALID + 11,
        ['c'] = VALID + 12, ['d'] = VALID + 13, ['e'] = VALID + 14, ['f'] = VALID + 15,
    };
    if (n != 2 * algs[alg].size)
        return false;
    struct ra_digest d = {.alg = (uint8_t)alg};
    unsigned valid = VALID;
    for (size_t i = 0; i < n / 2; i++) {
        unsigned high = digits[(unsigned char)hex[2 * i]], low = digits[(unsigned char)hex[2 * i + 1]];
        valid &= high & low;
        d.bytes[i] = (uint8_t)(high << 4 | (low & 15));
    }
    if (!valid)
        return false;
    *out = d;
    return true;
}

bool ra_digest_parse(const char *s, size_t n, struct ra_digest *out)
{
    const char *colon = memchr(s, ':', n);
    if (!colon)
        return false;
    int alg = ra_alg_find(s, (size_t)(colon - s));
    return alg >= 0 && ra_digest_parse_hex((enum ra_alg)alg, colon + 1, n - (size_t)(colon + 1 - s), out);
}

const char *ra_digest_hex(const struct ra_digest *d, char hex[static RA_DIGEST_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = algs[d->alg].size;
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = digits[d->bytes[i] >> 4];
        hex[2 * i + 1] = digits[d->bytes[i] & 15];
    }
    hex[2 * n] = '\0';
    return hex;
}

const char *ra_digest_text(const struct ra_digest *d, char text[static RA_DIGEST_TEXT])
{
    char hex[RA_DIGEST_TEXT];
    ra_digest_hex(d, hex);
    snprintf(text, RA_DIGEST_TEXT, "%s:%.128s", algs[d->alg].name, hex);
    return text;
}

int ra_digest_cmp(const struct ra_digest *a, const struct ra_digest *b)
{
    if (a->alg != b->alg)
        return a->alg < b->alg ? -1 : 1;
    return memcmp(a->bytes, b->bytes, algs[a->alg].size);
}

/* --- hashing -------------------------------------------------------------------------------------------- */

struct ra_hasher {
    EVP_MD_CTX *ctx; /* NULL: by `own` */
    const EVP_MD *md;
    enum ra_alg alg;
    struct ra_sha256 own;
};

static const EVP_MD *evp(enum ra_alg alg)
{
    return alg == RA_SHA512 ? EVP_sha512() : alg == RA_SHA384 ? EVP_sha384() : EVP_sha256();
}

/* OpenSSL fails here only when it is out of memory or was built without SHA-2: no caller could go on. */
static void must(int ok)
{
    if (ok != 1) {
        fputs("regadm: OpenSSL cannot compute SHA-2 digests\n", stderr);
        abort();
    }
}

struct ra_hasher *ra_hasher_new(enum ra_alg alg)
{
    struct ra_hasher *h = ra_new(struct ra_hasher);
    h->alg = alg;
    if (alg != RA_SHA256 || !ra_sha256_fast()) {
        h->md = evp(alg);
        h->ctx = EVP_MD_CTX_new();
        must(h->ctx != NULL);
    }
    ra_hasher_reset(h);
    return h;
}

void ra_hasher_reset(struct ra_hasher *h)
{
    if (h->ctx)
        must(EVP_DigestInit_ex(h->ctx, h->md, NULL));
    else
        ra_sha256_reset(&h->own);
}

void ra_hasher_update(struct ra_hasher *h, const void *p, size_t n)
{
    if (h->ctx)
        must(EVP_DigestUpdate(h->ctx, p, n));
    else
        ra_sha256_update(&h->own, p, n);
}

void ra_hasher_update_two(struct ra_hasher *a, const void *p, size_t n, struct ra_hasher *b, const void *q,
                          size_t m)
{
    if (!a->ctx && !b->ctx && n && m) {
        ra_sha256_update_two(&a->own, p, n, &b->own, q, m);
        return;
    }
    ra_hasher_update(a, p, n);
    ra_hasher_update(b, q, m);
}

void ra_hasher_final(struct ra_hasher *h, struct ra_digest *out)
{
    unsigned n = 0;
    *out = (struct ra_digest){.alg = (uint8_t)h->alg};
    if (h->ctx)
        must(EVP_DigestFinal_ex(h->ctx, out->bytes, &n));
    else
        ra_sha256_final(&h->own, out->bytes);
}

void ra_hasher_free(struct ra_hasher *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx);
    free(h);
}

void ra_digest_of(enum ra_alg alg, const void *p, size_t n, struct ra_digest *out)
{
    unsigned len = 0;
    *out = (struct ra_digest){.alg = (uint8_t)alg};
    must(EVP_Digest(p, n, out->bytes, &len, evp(alg), NULL));
}

/* --- sets --------------------------------------------------------------------------------------------------- */

#define HEAD 32

struct ra_long_digest {
    uint32_t number;
    struct ra_digest digest;
};

void ra_digest_set_release(struct ra_digest_set *s)
{
    free(s->heads);
    free(s->slots);
    free(s->longs);
    *s = (struct ra_digest_set){0};
}

/* The whole of a digest that is no sha256; NULL for one that is. */
static const struct ra_digest *long_at(const struct ra_digest_set *s, uint32_t number)
{
    uint32_t low = 0, high = s->n_longs;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (s->longs[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->n_longs && s->longs[low].number == number ? &s->longs[low].digest : NULL;
}

static bool is_at(const struct ra_digest_set *s, uint32_t number, const struct ra_digest *d)
{
    if (memcmp(s->heads[number], d->bytes, HEAD) != 0)
        return false;
    const struct ra_digest *whole = long_at(s, number);
    return whole ? ra_digest_eq(whole, d) : d->alg == RA_SHA256;
}

struct ra_digest ra_digest_set_get(const struct ra_digest_set *s, uint32_t number)
{
    const struct ra_digest *whole = long_at(s, number);
    struct ra_digest d = {.alg = RA_SHA256};
    if (whole)
        return *whole;
    memcpy(d.bytes, s->heads[number], HEAD);
    return d;
}

int ra_digest_set_cmp(const struct ra_digest_set *s, uint32_t x, uint32_t y)
{
    return s->n_longs ? ra_digest_cmp(RA_DIGEST_AT(s, x), RA_DIGEST_AT(s, y))
                      : memcmp(s->heads[x], s->heads[y], HEAD);
}

/* A digest is as good as random already: its first bytes are the hash. */
static uint32_t first_slot(const struct ra_digest_set *s, const uint8_t *head)
{
    uint32_t h;
    memcpy(&h, head, sizeof(h));
    return h & (s->n_slots - 1);
}

static uint32_t slot_of(const struct ra_digest_set *s, const struct ra_digest *d)
{
    uint32_t i = first_slot(s, d->bytes);
    while (s->slots[i] != RA_NONE && !is_at(s, s->slots[i], d))
        i = (i + 1) & (s->n_slots - 1);
    return i;
}

static void rehash(struct ra_digest_set *s, uint32_t n_slots)
{
    free(s->slots);
    s->slots = ra_realloc_array(NULL, n_slots, sizeof(*s->slots));
    memset(s->slots, 0xff, n_slots * sizeof(*s->slots));
    s->n_slots = n_slots;
    for (uint32_t number = 0; number < s->n; number++) {
        uint32_t i = first_slot(s, s->heads[number]);
        while (s->slots[i] != RA_NONE)
            i = (i + 1) & (n_slots - 1);
        s->slots[i] = number;
    }
}

uint32_t ra_digest_set_find(const struct ra_digest_set *s, const struct ra_digest *d)
{
    return s->n_slots ? s->slots[slot_of(s, d)] : RA_NONE;
}

static void keep(struct ra_digest_set *s, const struct ra_digest *d)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap + s->cap / 2 : 48;
        s->heads = ra_realloc_array(s->heads, s->cap, sizeof(*s->heads));
    }
    memcpy(s->heads[s->n], d->bytes, HEAD);
    if (d->alg == RA_SHA256)
        return;
    if (s->n_longs == s->cap_longs) {
        s->cap_longs = s->cap_longs ? s->cap_longs + s->cap_longs / 2 : 8;
        s->longs = ra_realloc_array(s->longs, s->cap_longs, sizeof(*s->longs));
    }
    s->longs[s->n_longs++] = (struct ra_long_digest){s->n, *d};
}

uint32_t ra_digest_set_add(struct ra_digest_set *s, const struct ra_digest *d, bool *fresh)
{
    if (s->n_slots == 0 || s->n >= s->n_slots - s->n_slots / 4)
        rehash(s, s->n_slots ? 2 * s->n_slots : 64);
    uint32_t slot = slot_of(s, d);
    bool is_new = s->slots[slot] == RA_NONE;
    if (fresh)
        *fresh = is_new;
    if (!is_new)
        return s->slots[slot];
    keep(s, d);
    return s->slots[slot] = s->n++;
}
