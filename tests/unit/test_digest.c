/* Digests: grammar, text, hashing, and the set that numbers them. */
#include "lib/testlib.h"

#include "format/digest.h"

static const char empty256[] = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char abc256[] = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char abc384[] =
    "sha384:cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baec"
    "a134c825a7";
static const char abc512[] =
    "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c2"
    "3a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

static struct ra_digest parsed(const char *text)
{
    struct ra_digest d;
    assert_true(ra_digest_parse(text, strlen(text), &d));
    return d;
}

static void text_there_and_back(void **state)
{
    (void)state;
    static const char *const texts[] = {empty256, abc256, abc384, abc512};
    for (size_t i = 0; i < RA_COUNT(texts); i++) {
        struct ra_digest d = parsed(texts[i]);
        char text[RA_DIGEST_TEXT];
        assert_string_equal(ra_digest_text(&d, text), texts[i]);
        assert_string_equal(ra_digest_hex(&d, text), strchr(texts[i], ':') + 1);
        struct ra_digest again;
        assert_true(ra_digest_parse_hex((enum ra_alg)d.alg, text, strlen(text), &again));
        assert_int_equal(ra_digest_cmp(&d, &again), 0);
    }
}

static void the_grammar_is_strict(void **state)
{
    (void)state;
    static const char good[] = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n";
    struct ra_digest d = {.alg = 9}, before = d;
    size_t n = sizeof(good) - 2;
    assert_true(ra_digest_parse(good, n, &before));
    assert_false(ra_digest_parse(good, n + 1, &d)); /* a newline behind it */
    for (size_t cut = 0; cut < n; cut++)
        assert_false(ra_digest_parse(good, cut, &d));
    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < 256; c++) {
            char bad[sizeof(good)];
            memcpy(bad, good, sizeof(good));
            bad[i] = (char)c;
            bool hex = i > 6 && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
            assert_int_equal(ra_digest_parse(bad, n, &before), hex || bad[i] == good[i]);
        }
    assert_false(ra_digest_parse("md5:d41d8cd98f00b204e9800998ecf8427e", 36, &d));
    assert_false(ra_digest_parse(":", 1, &d));
    assert_false(ra_digest_parse("", 0, &d));
    assert_int_equal(d.alg, 9); /* untouched */
}

static void algorithms_need_their_own_length(void **state)
{
    (void)state;
    struct ra_digest d;
    char text[160] = "sha512:";
    memset(text + 7, 'a', 128);
    assert_true(ra_digest_parse(text, 7 + 128, &d));
    assert_false(ra_digest_parse(text, 7 + 64, &d));
    assert_false(ra_digest_parse(text, 7 + 129, &d));
    memcpy(text, "sha256", 6);
    assert_false(ra_digest_parse(text, 7 + 128, &d));
    assert_true(ra_digest_parse(text, 7 + 64, &d));
    assert_int_equal(d.bytes[32], 0);
}

static void algorithm_names(void **state)
{
    (void)state;
    for (int alg = 0; alg < RA_ALG_COUNT; alg++)
        assert_int_equal(ra_alg_find(ra_alg_name((enum ra_alg)alg), 6), alg);
    assert_int_equal(ra_alg_find("sha1", 4), -1);
    assert_int_equal(ra_alg_find("sha25", 5), -1);
    assert_int_equal(ra_alg_find("SHA256", 6), -1);
    assert_int_equal(ra_alg_size(RA_SHA256) + ra_alg_size(RA_SHA384) + ra_alg_size(RA_SHA512), 32 + 48 + 64);
}

static void hashing(void **state)
{
    (void)state;
    static const char *const abc[] = {abc256, abc384, abc512};
    for (int alg = 0; alg < RA_ALG_COUNT; alg++) {
        struct ra_digest want = parsed(abc[alg]), got;
        ra_digest_of((enum ra_alg)alg, "abc", 3, &got);
        assert_true(ra_digest_eq(&want, &got));
        RA_AUTO_PTR(ra_hasher) h = ra_hasher_new((enum ra_alg)alg);
        for (int round = 0; round < 2; round++) {
            ra_hasher_update(h, "a", 1);
            ra_hasher_update(h, "", 0);
            ra_hasher_update(h, "bc", 2);
            ra_hasher_final(h, &got);
            assert_true(ra_digest_eq(&want, &got));
            ra_hasher_reset(h);
        }
    }
    struct ra_digest got, want = parsed(empty256);
    ra_digest_of(RA_SHA256, NULL, 0, &got);
    assert_true(ra_digest_eq(&want, &got));
}

/* How it is cut into calls, one hasher after the other or both at once, must not show. */
static void take_in_pieces(uint64_t *seed, const uint8_t *const bytes[2], const size_t n[2],
                           struct ra_digest out[2])
{
    RA_AUTO_PTR(ra_hasher) a = ra_hasher_new(RA_SHA256);
    RA_AUTO_PTR(ra_hasher) b = ra_hasher_new(RA_SHA256);
    size_t i = 0, j = 0;
    while (i < n[0] || j < n[1]) {
        uint16_t some[3];
        t_random_bytes(seed, some, sizeof(some));
        size_t most = some[2] % 4 ? 200 : 3000, left = some[0] % most, right = some[1] % most;
        left = left < n[0] - i ? left : n[0] - i;
        right = right < n[1] - j ? right : n[1] - j;
        if (some[2] & 64) {
            ra_hasher_update(a, bytes[0] + i, left);
            ra_hasher_update(b, bytes[1] + j, right);
        } else {
            ra_hasher_update_two(a, bytes[0] + i, left, b, bytes[1] + j, right);
        }
        i += left;
        j += right;
    }
    ra_hasher_final(a, &out[0]);
    ra_hasher_final(b, &out[1]);
}

static void hashing_two_at_once(void **state)
{
    (void)state;
    enum { MOST = 9000 };
    static uint8_t bytes[2][MOST];
    uint64_t seed = 11;
    t_random_bytes(&seed, bytes, sizeof(bytes));
    const uint8_t *const both[2] = {bytes[0], bytes[1]};
    for (size_t round = 0; round < 1500; round++) {
        size_t n[2] = {round < 600 ? round / 2 : round * 7919 % MOST,
                       round < 600 ? round : round * 104729 % MOST};
        struct ra_digest want[2], got[2]; /* OpenSSL's, and ours where the processor lets us */
        for (int i = 0; i < 2; i++)
            ra_digest_of(RA_SHA256, bytes[i], n[i], &want[i]);
        take_in_pieces(&seed, both, n, got);
        assert_true(ra_digest_eq(&want[0], &got[0]));
        assert_true(ra_digest_eq(&want[1], &got[1]));
    }
}

static void two_of_other_algorithms(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_hasher) a = ra_hasher_new(RA_SHA256);
    RA_AUTO_PTR(ra_hasher) b = ra_hasher_new(RA_SHA512);
    struct ra_digest got, want = parsed(abc256), other = parsed(abc512);
    ra_hasher_update_two(a, "ab", 2, b, "a", 1);
    ra_hasher_update_two(a, "c", 1, b, "bc", 2);
    ra_hasher_update_two(a, NULL, 0, b, NULL, 0);
    ra_hasher_final(a, &got);
    assert_true(ra_digest_eq(&want, &got));
    ra_hasher_final(b, &got);
    assert_true(ra_digest_eq(&other, &got));
}

static void a_long_one(void **state)
{
    (void)state;
    static const char want[] = "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    RA_AUTO_PTR(ra_hasher) h = ra_hasher_new(RA_SHA256);
    char as[1000], text[RA_DIGEST_TEXT];
    struct ra_digest got;
    memset(as, 'a', sizeof(as));
    for (int i = 0; i < 1000; i++) /* FIPS 180-2, B.3 */
        ra_hasher_update(h, as, sizeof(as));
    ra_hasher_final(h, &got);
    assert_string_equal(ra_digest_text(&got, text), want);
}

static void order(void **state)
{
    (void)state;
    struct ra_digest a = parsed(abc256), e = parsed(empty256), l = parsed(abc512);
    assert_true(ra_digest_cmp(&a, &e) < 0);
    assert_true(ra_digest_cmp(&e, &a) > 0);
    assert_true(ra_digest_cmp(&e, &l) < 0);
    assert_int_equal(ra_digest_cmp(&l, &l), 0);
}

static struct ra_digest nth(uint32_t i)
{
    struct ra_digest d;
    ra_digest_of(i % 5 == 0 ? RA_SHA512 : RA_SHA256, &i, sizeof(i), &d);
    return d;
}

static void a_set_numbers_in_order(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct ra_digest_set s = {0};
    struct ra_digest d = nth(0);
    bool fresh;
    assert_int_equal(ra_digest_set_find(&s, &d), RA_NONE);
    for (uint32_t i = 0; i < COUNT; i++) {
        d = nth(i);
        assert_int_equal(ra_digest_set_add(&s, &d, &fresh), i);
        assert_true(fresh);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        d = nth(i);
        assert_int_equal(ra_digest_set_find(&s, &d), i);
        assert_int_equal(ra_digest_set_add(&s, &d, &fresh), i);
        assert_false(fresh);
        assert_true(ra_digest_eq(RA_DIGEST_AT(&s, i), &d));
        d = nth(i + COUNT);
        assert_int_equal(ra_digest_set_find(&s, &d), RA_NONE);
    }
    assert_int_equal(s.n, COUNT);
    ra_digest_set_release(&s);
    assert_int_equal(s.n, 0);
}

static void a_set_stands_digests_that_begin_alike(void **state)
{
    (void)state;
    struct ra_digest_set s = {0};
    struct ra_digest d = {.alg = RA_SHA256};
    for (uint32_t i = 0; i < 1000; i++) {
        memcpy(d.bytes + 16, &i, sizeof(i));
        assert_int_equal(ra_digest_set_add(&s, &d, NULL), i);
    }
    d.alg = RA_SHA512; /* the same bytes of another algorithm are another digest */
    assert_int_equal(ra_digest_set_find(&s, &d), RA_NONE);
    ra_digest_set_release(&s);
}

static struct ra_digest nth_of(uint32_t i)
{
    struct ra_digest d = nth(i / RA_ALG_COUNT);
    d.alg = (uint8_t)(i % RA_ALG_COUNT);
    if (d.alg == RA_SHA256)
        return d;
    memset(d.bytes + 32, 0x11 * d.alg, ra_alg_size(d.alg) - 32);
    return d;
}

/* Of all algorithms, in one set, and alike in all that a sha256 has. */
static void a_set_keeps_algorithms_apart(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct ra_digest_set s = {0};
    for (uint32_t i = 0; i < COUNT; i++) {
        struct ra_digest d = nth_of(i);
        assert_int_equal(ra_digest_set_add(&s, &d, NULL), i);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        struct ra_digest d = nth_of(i), before = nth_of(i ? i - 1 : 0);
        assert_int_equal(ra_digest_set_find(&s, &d), i);
        assert_true(ra_digest_eq(RA_DIGEST_AT(&s, i), &d));
        if (i > 0)
            assert_int_equal(ra_digest_set_cmp(&s, i - 1, i) < 0, ra_digest_cmp(&before, &d) < 0);
    }
    ra_digest_set_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_there_and_back),
        cmocka_unit_test(the_grammar_is_strict),
        cmocka_unit_test(algorithm_names),
        cmocka_unit_test(algorithms_need_their_own_length),
        cmocka_unit_test(hashing),
        cmocka_unit_test(hashing_two_at_once),
        cmocka_unit_test(two_of_other_algorithms),
        cmocka_unit_test(a_long_one),
        cmocka_unit_test(order),
        cmocka_unit_test(a_set_numbers_in_order),
        cmocka_unit_test(a_set_stands_digests_that_begin_alike),
        cmocka_unit_test(a_set_keeps_algorithms_apart),
    };
    return T_RUN(tests);
}
