/* Streams of every encoding, whole and damaged, handed over in runs of every size. */
#include "lib/testlib.h"

#include "base/buf.h"
#include "format/decompress.h"
#include "format/digest.h"
#include "format/gzip.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

/* A source that gives at most `step` bytes at a time. */
struct runs {
    const uint8_t *p;
    size_t n, step;
    int fail_at; /* the call that fails; 0: none */
    int calls;
};

static ssize_t runs_next(void *arg, const void **p, struct ra_err *err)
{
    struct runs *r = arg;
    if (++r->calls == r->fail_at)
        return ra_fail(err, RA_IO, "the disk is gone");
    size_t n = r->n < r->step ? r->n : r->step;
    *p = r->p;
    r->p += n;
    r->n -= n;
    return (ssize_t)n;
}

static int to_buf(void *arg, const void *p, size_t n, struct ra_err *err RA_UNUSED)
{
    ra_buf_add(arg, p, n);
    return 0;
}

struct outcome {
    struct ra_buf out;
    enum ra_encoding encoding;
    uint64_t trailing;
};

static int decode(const void *p, size_t n, size_t step, struct outcome *o, struct ra_err *err)
{
    struct runs r = {.p = p, .n = n, .step = step};
    struct ra_source from = {runs_next, &r};
    RA_AUTO_PTR(ra_decoder) d = NULL;
    int rc = ra_decoder_open(&from, &d, err);
    if (rc < 0)
        return rc;
    const void *got;
    ssize_t len;
    ra_buf_clear(&o->out);
    while ((len = ra_decoder_next(d, &got, err)) > 0)
        ra_buf_add(&o->out, got, (size_t)len);
    o->encoding = ra_decoder_encoding(d);
    o->trailing = ra_decoder_trailing(d);
    if (len == 0) {
        assert_int_equal(ra_decoder_total(d), o->out.len);
        assert_int_equal(ra_decoder_next(d, &got, err), 0);
        assert_int_equal(r.n, 0);
    }
    return (int)len;
}

static void sample(struct ra_buf *b, size_t n)
{
    uint64_t seed = n + 1;
    while (b->len < n) {
        uint64_t r = t_random(&seed);
        if (r % 3)
            ra_buf_addf(b, "line %u of a text that repeats itself\n", (unsigned)(r >> 8) % 50);
        else
            ra_buf_add(b, &r, sizeof(r));
    }
    b->len = n;
}

static void encode(enum ra_encoding e, const struct ra_buf *plain, struct ra_buf *out)
{
    size_t cap = plain->len + plain->len / 2 + 4096;
    char *to = ra_buf_reserve(out, cap);
    unsigned small = (unsigned)cap;
    switch (e) {
    case RA_GZIP: {
        z_stream z = {.next_in = (Bytef *)plain->data, .avail_in = (unsigned)plain->len};
        deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
        z.next_out = (Bytef *)to;
        z.avail_out = small;
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        out->len += z.total_out;
        deflateEnd(&z);
        break;
    }
    case RA_ZSTD:
        out->len += ZSTD_compress(to, cap, plain->data, plain->len, 3);
        break;
    case RA_XZ: {
        size_t at = 0;
        assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, (uint8_t *)plain->data,
                                                 plain->len, (uint8_t *)to, &at, cap),
                         LZMA_OK);
        out->len += at;
        break;
    }
    case RA_BZIP2:
        assert_int_equal(BZ2_bzBuffToBuffCompress(to, &small, plain->data ? plain->data : to,
                                                  (unsigned)plain->len, 1, 0, 0),
                         BZ_OK);
        out->len += small;
        break;
    case RA_PLAIN:
        ra_buf_add(out, plain->data, plain->len);
    }
}

static void check_same(const struct outcome *o, const struct ra_buf *plain)
{
    assert_int_equal(o->out.len, plain->len);
    assert_memory_equal(ra_buf_str(&o->out), ra_buf_str(plain), plain->len);
}

static void every_encoding_comes_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 1000, 131072, 700001}, steps[] = {1, 2, 5, 4096, SIZE_MAX};
    for (enum ra_encoding e = RA_PLAIN; e <= RA_BZIP2; e++)
        for (size_t s = 0; s < RA_COUNT(sizes); s++) {
            struct ra_err err = {0};
            RA_BUF_AUTO plain = {0};
            RA_BUF_AUTO packed = {0};
            struct outcome o = {0};
            sample(&plain, sizes[s]);
            encode(e, &plain, &packed);
            for (size_t i = sizes[s] > 200000 ? 3 : 0; i < RA_COUNT(steps); i++) {
                t_ok(decode(packed.data, packed.len, steps[i], &o, &err), &err);
                assert_int_equal(o.encoding, sizes[s] || e ? e : RA_PLAIN);
                assert_int_equal(o.trailing, 0);
                check_same(&o, &plain);
            }
            ra_buf_release(&o.out);
        }
}

static void members_are_joined_and_garbage_counted(void **state)
{
    (void)state;
    for (enum ra_encoding e = RA_GZIP; e <= RA_BZIP2; e++)
        for (size_t step = 1; step < 9; step++) {
            struct ra_err err = {0};
            RA_BUF_AUTO plain = {0};
            RA_BUF_AUTO packed = {0};
            struct outcome o = {0};
            sample(&plain, 3000);
            encode(e, &plain, &packed);
            encode(e, &plain, &packed);
            ra_buf_adds(&packed, "xyz");
            sample(&plain, 3000); /* grows nothing: it is full already */
            t_ok(decode(packed.data, packed.len, step, &o, &err), &err);
            assert_int_equal(o.out.len, 6000);
            assert_int_equal(o.trailing, 3);
            ra_buf_release(&o.out);
        }
}

static void a_cut_is_seen_at_every_byte(void **state)
{
    (void)state;
    for (enum ra_encoding e = RA_GZIP; e <= RA_BZIP2; e++) {
        RA_BUF_AUTO plain = {0};
        RA_BUF_AUTO packed = {0};
        struct outcome o = {0};
        sample(&plain, 900);
        encode(e, &plain, &packed);
        for (size_t n = RA_ENCODING_MAGIC; n < packed.len; n++) {
            struct ra_err err = {0};
            t_fails_with(decode(packed.data, n, n % 7 + 1, &o, &err), RA_CORRUPT, &err, "cut off");
        }
        ra_buf_release(&o.out);
    }
}

static void a_wrong_byte_is_seen(void **state)
{
    (void)state;
    for (enum ra_encoding e = RA_GZIP; e <= RA_BZIP2; e++) {
        RA_BUF_AUTO plain = {0};
        RA_BUF_AUTO packed = {0};
        struct outcome o = {0};
        sample(&plain, 900);
        encode(e, &plain, &packed);
        /* gzip's first ten bytes hold a time and the like; zstd made at once has no checksum. */
        for (size_t i = 10; e != RA_ZSTD && i < packed.len; i++) {
            packed.data[i] ^= 0x10;
            struct ra_err err = {0};
            int rc = decode(packed.data, packed.len, SIZE_MAX, &o, &err);
            if (rc == 0) /* bits that only fill the last byte mean nothing */
                check_same(&o, &plain);
            ra_err_release(&err);
            packed.data[i] ^= 0x10;
        }
        ra_buf_release(&o.out);
    }
}

static void an_error_of_the_source_comes_through(void **state)
{
    (void)state;
    struct ra_err err = {0};
    RA_BUF_AUTO plain = {0};
    RA_BUF_AUTO packed = {0};
    sample(&plain, 100000);
    encode(RA_GZIP, &plain, &packed);
    struct runs r = {.p = (uint8_t *)packed.data, .n = packed.len, .step = 1000, .fail_at = 5};
    RA_AUTO_PTR(ra_decoder) d = NULL;
    t_ok(ra_decoder_open(&(struct ra_source){runs_next, &r}, &d, &err), &err);
    const void *p;
    ssize_t n;
    while ((n = ra_decoder_next(d, &p, &err)) > 0)
        continue;
    t_fails_with(n, RA_IO, &err, "the disk is gone");
}

static void huge_windows_are_refused(void **state)
{
    (void)state;
    /* A frame that asks for 2 GiB. */
    static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00};
    struct ra_err err = {0};
    struct outcome o = {0};
    t_fails(decode(zstd, sizeof(zstd), SIZE_MAX, &o, &err), RA_TOOBIG, &err);
    ra_buf_release(&o.out);
}

static void gzip_of(const struct ra_buf *plain, unsigned threads, size_t step, struct ra_buf *out)
{
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_gzip) g = ra_gzip_new(RA_GZIP_BEST, threads, (struct ra_sink){to_buf, out});
    for (size_t at = 0; at < plain->len; at += step)
        t_ok(ra_gzip_write(g, plain->data + at, plain->len - at < step ? plain->len - at : step, &err), &err);
    t_ok(ra_gzip_finish(g, &err), &err);
}

/* Put where it belongs, in pieces of 100,000 bytes at most, every third of them not. */
static void gzip_in_place(const struct ra_buf *plain, unsigned threads, struct ra_buf *out)
{
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_gzip) g = ra_gzip_new(RA_GZIP_BEST, threads, (struct ra_sink){to_buf, out});
    size_t n, piece = 0;
    for (size_t at = 0; at < plain->len; at += n, piece++) {
        size_t left = plain->len - at < 100000 ? plain->len - at : 100000;
        void *room = ra_gzip_room(g, &n);
        assert_true(n > 0 && n <= RA_GZIP_BLOCK);
        n = left < n ? left : n;
        if (piece % 3)
            memcpy(room, plain->data + at, n);
        t_ok(ra_gzip_write(g, piece % 3 ? room : plain->data + at, n, &err), &err);
    }
    t_ok(ra_gzip_finish(g, &err), &err);
}

static void gzip_is_the_same_however_it_is_made(void **state)
{
    (void)state;
    static const size_t sizes[] = {
        0, 1, 5000, RA_GZIP_BLOCK - 1, RA_GZIP_BLOCK, RA_GZIP_BLOCK + 1, 5 * RA_GZIP_BLOCK + 17};
    for (size_t s = 0; s < RA_COUNT(sizes); s++) {
        struct ra_err err = {0};
        struct outcome o = {0};
        RA_BUF_AUTO plain = {0};
        RA_BUF_AUTO one = {0};
        RA_BUF_AUTO many = {0};
        sample(&plain, sizes[s]);
        gzip_of(&plain, 1, SIZE_MAX / 2, &one);
        gzip_of(&plain, 3, 65537, &many);
        assert_int_equal(one.len, many.len);
        assert_memory_equal(one.data, many.data, one.len);
        for (unsigned threads = 1; threads < 4; threads += 2) {
            ra_buf_clear(&many);
            gzip_in_place(&plain, threads, &many);
            assert_int_equal(one.len, many.len);
            assert_memory_equal(one.data, many.data, one.len);
        }
        t_ok(decode(one.data, one.len, 65536, &o, &err), &err);
        assert_int_equal(o.encoding, RA_GZIP);
        check_same(&o, &plain);
        ra_buf_release(&o.out);
    }
}

/* Zeroes at every multiple of the window: there one wrong entry in a table shows, in one block of twenty or so. */
static void zeroes_and_noise(struct ra_buf *to, size_t n)
{
    uint64_t seed = 7;
    char *p = ra_buf_reserve(to, n);
    memset(p, 0, n);
    for (size_t at = 0; at < n; at += 1024)
        t_random_bytes(&seed, p + at + 512, 512);
    to->len = n;
}

/* Some other allocation in front of it moves everything elsewhere, as a new process does. */
static void digest_of_gzip(const struct ra_buf *plain, enum ra_gzip_level level, size_t away,
                           struct ra_digest *out)
{
    struct ra_err err = {0};
    RA_BUF_AUTO packed = {0};
    ra_auto_free char *ballast = ra_malloc(away);
    *(volatile char *)ballast = 1; /* else a compiler may do without it */
    RA_AUTO_PTR(ra_gzip) g = ra_gzip_new(level, 2, (struct ra_sink){to_buf, &packed});
    t_ok(ra_gzip_write(g, plain->data, plain->len, &err), &err);
    t_ok(ra_gzip_finish(g, &err), &err);
    ra_digest_of(RA_SHA256, packed.data, packed.len, out);
}

static void gzip_does_not_depend_on_where_it_is(void **state)
{
    (void)state;
    RA_BUF_AUTO plain = {0};
    zeroes_and_noise(&plain, (size_t)16 << 20);
    for (int level = RA_GZIP_FAST; level <= RA_GZIP_BEST; level++) {
        struct ra_digest first, other;
        digest_of_gzip(&plain, (enum ra_gzip_level)level, 1, &first);
        for (size_t away = 1; away < 5; away++) {
            digest_of_gzip(&plain, (enum ra_gzip_level)level, away * 3 << 20, &other);
            assert_memory_equal(&first, &other, sizeof(first));
        }
    }
}

static int full(void *arg RA_UNUSED, const void *p RA_UNUSED, size_t n RA_UNUSED, struct ra_err *err)
{
    return ra_fail(err, RA_NOSPACE, "full");
}

static void a_full_sink_ends_it(void **state)
{
    (void)state;
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_gzip) g = ra_gzip_new(RA_GZIP_FAST, 2, (struct ra_sink){full, NULL});
    t_ok(ra_gzip_write(g, "abc", 3, &err), &err);
    t_fails(ra_gzip_finish(g, &err), RA_NOSPACE, &err);
}

static void a_full_sink_ends_it_in_the_middle(void **state)
{
    (void)state;
    struct ra_err err = {0};
    RA_BUF_AUTO plain = {0};
    sample(&plain, 10 * RA_GZIP_BLOCK);
    RA_AUTO_PTR(ra_gzip) g = ra_gzip_new(RA_GZIP_FAST, 3, (struct ra_sink){full, NULL});
    t_fails(ra_gzip_write(g, plain.data, plain.len, &err), RA_NOSPACE, &err);
}

static void random_bytes_fit(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct ra_err err = {0};
    struct outcome o = {0};
    RA_BUF_AUTO plain = {0};
    RA_BUF_AUTO packed = {0};
    t_random_bytes(&seed, ra_buf_reserve(&plain, 3 * RA_GZIP_BLOCK), 3 * RA_GZIP_BLOCK);
    plain.len = 3 * RA_GZIP_BLOCK;
    for (int level = RA_GZIP_FAST; level <= RA_GZIP_BEST; level++) {
        ra_buf_clear(&packed);
        RA_AUTO_PTR(ra_gzip) g = ra_gzip_new((enum ra_gzip_level)level, 2, (struct ra_sink){to_buf, &packed});
        t_ok(ra_gzip_write(g, plain.data, plain.len, &err), &err);
        t_ok(ra_gzip_finish(g, &err), &err);
        t_ok(decode(packed.data, packed.len, SIZE_MAX, &o, &err), &err);
        check_same(&o, &plain);
    }
    ra_buf_release(&o.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_encoding_comes_back),
        cmocka_unit_test(members_are_joined_and_garbage_counted),
        cmocka_unit_test(a_cut_is_seen_at_every_byte),
        cmocka_unit_test(a_wrong_byte_is_seen),
        cmocka_unit_test(an_error_of_the_source_comes_through),
        cmocka_unit_test(huge_windows_are_refused),
        cmocka_unit_test(gzip_is_the_same_however_it_is_made),
        cmocka_unit_test(gzip_does_not_depend_on_where_it_is),
        cmocka_unit_test(a_full_sink_ends_it),
        cmocka_unit_test(a_full_sink_ends_it_in_the_middle),
        cmocka_unit_test(random_bytes_fit),
    };
    return T_RUN(tests);
}
