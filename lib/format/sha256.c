#include "format/sha256.h"

#define BLOCK RA_SHA256_BLOCK

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>
#include <pthread.h>

#define NI       __attribute__((target("sha,sse4.1")))
#define NI_INNER NI __attribute__((always_inline)) static inline

static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* One stream, in the registers as the instructions want it. */
struct lane {
    __m128i abef, cdgh;
    __m128i w[4]; /* the last sixteen words of the schedule, the oldest overwritten */
};

NI_INNER void load_state(struct lane *l, const uint32_t state[8])
{
    __m128i abcd = _mm_loadu_si128((const __m128i *)(const void *)state);
    __m128i efgh = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
    __m128i cdab = _mm_shuffle_epi32(abcd, 0xb1), hgfe = _mm_shuffle_epi32(efgh, 0x1b);
    l->abef = _mm_alignr_epi8(cdab, hgfe, 8);
    l->cdgh = _mm_blend_epi16(hgfe, cdab, 0xf0);
}

NI_INNER void store_state(const struct lane *l, uint32_t state[8])
{
    __m128i feba = _mm_shuffle_epi32(l->abef, 0x1b), dchg = _mm_shuffle_epi32(l->cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

NI_INNER void load_block(struct lane *l, const uint8_t *p)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const __m128i *at = (const __m128i *)(const void *)p;
    l->w[0] = _mm_shuffle_epi8(_mm_loadu_si128(at), big_endian);
    l->w[1] = _mm_shuffle_epi8(_mm_loadu_si128(at + 1), big_endian);
    l->w[2] = _mm_shuffle_epi8(_mm_loadu_si128(at + 2), big_endian);
    l->w[3] = _mm_shuffle_epi8(_mm_loadu_si128(at + 3), big_endian);
}

NI_INNER void four_rounds(struct lane *l, unsigned i, __m128i k)
{
    __m128i wk = _mm_add_epi32(l->w[i], k);
    l->cdgh = _mm_sha256rnds2_epu32(l->cdgh, l->abef, wk);
    l->abef = _mm_sha256rnds2_epu32(l->abef, l->cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

NI_INNER void next_words(struct lane *l, unsigned i)
{
    __m128i w = _mm_sha256msg1_epu32(l->w[i], l->w[(i + 1) % 4]);
    w = _mm_add_epi32(w, _mm_alignr_epi8(l->w[(i + 3) % 4], l->w[(i + 2) % 4], 4));
    l->w[i] = _mm_sha256msg2_epu32(w, l->w[(i + 3) % 4]);
}

/* `m` is NULL where there is one stream: all of this is put together where it is called, and the half falls away. */
NI_INNER void step(struct lane *l, struct lane *m, unsigned i, const uint32_t *k, bool more)
{
    __m128i four = _mm_load_si128((const __m128i *)(const void *)(k + 4 * (size_t)i));
    four_rounds(l, i, four);
    if (m)
        four_rounds(m, i, four);
    if (more)
        next_words(l, i);
    if (more && m)
        next_words(m, i);
}

NI_INNER void sixteen_rounds(struct lane *l, struct lane *m, const uint32_t *k, bool more)
{
    step(l, m, 0, k, more);
    step(l, m, 1, k, more);
    step(l, m, 2, k, more);
    step(l, m, 3, k, more);
}

NI_INNER void block(struct lane *l, struct lane *m)
{
    sixteen_rounds(l, m, constants, true);
    sixteen_rounds(l, m, constants + 16, true);
    sixteen_rounds(l, m, constants + 32, true);
    sixteen_rounds(l, m, constants + 48, false);
}

NI_INNER void add_state(struct lane *l, const struct lane *before)
{
    l->abef = _mm_add_epi32(l->abef, before->abef);
    l->cdgh = _mm_add_epi32(l->cdgh, before->cdgh);
}

NI static void take_blocks(uint32_t state[8], const uint8_t *p, size_t n)
{
    struct lane l;
    load_state(&l, state);
    for (; n; n--, p += BLOCK) {
        struct lane before = {.abef = l.abef, .cdgh = l.cdgh};
        load_block(&l, p);
        block(&l, NULL);
        add_state(&l, &before);
    }
    store_state(&l, state);
}

NI static void take_two(uint32_t state[8], const uint8_t *p, uint32_t other[8], const uint8_t *q, size_t n)
{
    struct lane l, m;
    load_state(&l, state);
    load_state(&m, other);
    for (; n; n--, p += BLOCK, q += BLOCK) {
        struct lane l_before = {.abef = l.abef, .cdgh = l.cdgh}, m_before = {.abef = m.abef, .cdgh = m.cdgh};
        load_block(&l, p);
        load_block(&m, q);
        block(&l, &m);
        add_state(&l, &l_before);
        add_state(&m, &m_before);
    }
    store_state(&l, state);
    store_state(&m, other);
}

static bool *answer(void)
{
    static bool fast;
    return &fast;
}

static void ask(void)
{
    unsigned a, b, c, d, b7, c7, d7;
    if (__get_cpuid(1, &a, &b, &c, &d) && __get_cpuid_count(7, 0, &a, &b7, &c7, &d7))
        *answer() = c & bit_SSSE3 && c & bit_SSE4_1 && b7 & bit_SHA;
}

/* Asked once: in a virtual machine it costs microseconds, as much as hashing a manifest. */
bool ra_sha256_fast(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, ask);
    return *answer();
}

#else

bool ra_sha256_fast(void)
{
    return false;
}

static void take_blocks(uint32_t state[8], const uint8_t *p, size_t n)
{
    (void)state, (void)p, (void)n;
}

static void take_two(uint32_t state[8], const uint8_t *p, uint32_t other[8], const uint8_t *q, size_t n)
{
    (void)state, (void)p, (void)other, (void)q, (void)n;
}

#endif

/* --- streams ------------------------------------------------------------------------------------------------ */

void ra_sha256_reset(struct ra_sha256 *h)
{
    *h = (struct ra_sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                                      0x1f83d9ab, 0x5be0cd19}};
}

/* Completes the block that was begun, if there is one: how many bytes it took. */
static size_t top_up(struct ra_sha256 *h, const uint8_t *p, size_t n)
{
    size_t fill = h->length % BLOCK;
    size_t take = !fill ? 0 : n < BLOCK - fill ? n : BLOCK - fill;
    if (take)
        memcpy(h->rest + fill, p, take);
    h->length += take;
    if (take && fill + take == BLOCK)
        take_blocks(h->state, h->rest, 1);
    return take;
}

void ra_sha256_update(struct ra_sha256 *h, const uint8_t *p, size_t n)
{
    if (!n) /* and p may be NULL */
        return;
    size_t at = top_up(h, p, n);
    size_t blocks = (n - at) / BLOCK, left = (n - at) % BLOCK;
    if (blocks)
        take_blocks(h->state, p + at, blocks);
    if (left)
        memcpy(h->rest, p + n - left, left);
    h->length += n - at;
}

void ra_sha256_update_two(struct ra_sha256 *a, const uint8_t *p, size_t n, struct ra_sha256 *b,
                          const uint8_t *q, size_t m)
{
    size_t i = top_up(a, p, n), j = top_up(b, q, m);
    size_t blocks = (n - i < m - j ? n - i : m - j) / BLOCK, both = blocks * BLOCK;
    if (blocks)
        take_two(a->state, p + i, b->state, q + j, blocks);
    a->length += both;
    b->length += both;
    ra_sha256_update(a, p + i + both, n - i - both);
    ra_sha256_update(b, q + j + both, m - j - both);
}

static void put_be32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

void ra_sha256_final(struct ra_sha256 *h, uint8_t out[32])
{
    static const uint8_t pad[BLOCK] = {0x80};
    uint64_t bits = h->length * 8;
    uint8_t length[8];
    put_be32(length, (uint32_t)(bits >> 32));
    put_be32(length + 4, (uint32_t)bits);
    size_t fill = h->length % BLOCK, room = BLOCK - sizeof(length);
    ra_sha256_update(h, pad, fill < room ? room - fill : room + BLOCK - fill);
    ra_sha256_update(h, length, sizeof(length));
    for (int i = 0; i < 8; i++)
        put_be32(out + 4 * (size_t)i, h->state[i]);
}
