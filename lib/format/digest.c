#include "format/digest.h"

#include "base/mem.h"

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

struct ra_hasher {
    EVP_MD_CTX *ctx;
    const EVP_MD *md;
    enum ra_alg alg;
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
    h->md = evp(alg);
    h->ctx = EVP_MD_CTX_new();
    must(h->ctx != NULL);
    ra_hasher_reset(h);
    return h;
}

void ra_hasher_reset(struct ra_hasher *h)
{
    must(EVP_DigestInit_ex(h->ctx, h->md, NULL));
}

void ra_hasher_update(struct ra_hasher *h, const void *p, size_t n)
{
    must(EVP_DigestUpdate(h->ctx, p, n));
}

void ra_hasher_final(struct ra_hasher *h, struct ra_digest *out)
{
    unsigned n = 0;
    *out = (struct ra_digest){.alg = (uint8_t)h->alg};
    must(EVP_DigestFinal_ex(h->ctx, out->bytes, &n));
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

void ra_digest_set_release(struct ra_digest_set *s)
{
    free(s->at);
    free(s->slots);
    *s = (struct ra_digest_set){0};
}

/* The digest is already as good as random: its first bytes are the hash. */
static uint32_t slot_of(const struct ra_digest_set *s, const struct ra_digest *d)
{
    uint32_t h;
    memcpy(&h, d->bytes, sizeof(h));
    uint32_t i = h & (s->n_slots - 1);
    while (s->slots[i] != RA_NONE && !ra_digest_eq(&s->at[s->slots[i]], d))
        i = (i + 1) & (s->n_slots - 1);
    return i;
}

static void rehash(struct ra_digest_set *s, uint32_t n_slots)
{
    free(s->slots);
    s->slots = ra_realloc_array(NULL, n_slots, sizeof(*s->slots));
    memset(s->slots, 0xff, n_slots * sizeof(*s->slots));
    s->n_slots = n_slots;
    for (uint32_t i = 0; i < s->n; i++)
        s->slots[slot_of(s, &s->at[i])] = i;
}

uint32_t ra_digest_set_find(const struct ra_digest_set *s, const struct ra_digest *d)
{
    return s->n_slots ? s->slots[slot_of(s, d)] : RA_NONE;
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
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap + s->cap / 2 : 48;
        s->at = ra_realloc_array(s->at, s->cap, sizeof(*s->at));
    }
    s->at[s->n] = *d;
    return s->slots[slot] = s->n++;
}
