#include "format/decompress.h"

#include "base/mem.h"
#include "format/codec.h"

/* Large enough that calls do not count, small enough that what was decoded is still in the cache when it is
 * hashed. */
#define OUT_SIZE ((size_t)128 << 10)

static const struct {
    const char *name;
    const char *magic;
    size_t n;
    const struct ra_codec *codec;
} encodings[] = {
    [RA_PLAIN] = {"plain", "", 0, NULL},
    [RA_GZIP] = {"gzip", "\x1f\x8b\x08", 3, &ra_codec_gzip},
    [RA_ZSTD] = {"zstd", "\x28\xb5\x2f\xfd", 4, &ra_codec_zstd},
    [RA_XZ] = {"xz",
               "\xfd"
               "7zXZ\0",
               6, &ra_codec_xz},
    [RA_BZIP2] = {"bzip2", "BZh", 3, &ra_codec_bzip2},
};

struct ra_decoder {
    struct ra_source from;
    enum ra_encoding encoding;
    const struct ra_codec *codec; /* NULL: plain */
    void *state;
    bool member_over, ended;
    const uint8_t *in; /* lent by the source, or the stash */
    size_t in_left;
    const uint8_t *next; /* what comes after the stash */
    size_t next_left;
    uint8_t stash[RA_ENCODING_MAGIC];
    uint64_t trailing, total;
    uint8_t out[OUT_SIZE];
};

const char *ra_encoding_name(enum ra_encoding e)
{
    return encodings[e].name;
}

enum ra_encoding ra_encoding_detect(const void *p, size_t n)
{
    for (size_t e = RA_GZIP; e < RA_COUNT(encodings); e++)
        if (n >= encodings[e].n && memcmp(p, encodings[e].magic, encodings[e].n) == 0)
            return (enum ra_encoding)e;
    return RA_PLAIN;
}

/* Makes in_left > 0 unless the source is at its end. */
static int refill(struct ra_decoder *d, struct ra_err *err)
{
    if (d->in_left)
        return 0;
    if (d->next_left) {
        d->in = d->next;
        d->in_left = d->next_left;
        d->next_left = 0;
        return 0;
    }
    const void *p;
    ssize_t n = d->from.next(d->from.arg, &p, err);
    if (n < 0)
        return (int)n;
    d->in = p;
    d->in_left = (size_t)n;
    return 0;
}

/* Joins what two or more runs of the source hold, until a magic number is in one piece or the source ends. */
static int gather_magic(struct ra_decoder *d, struct ra_err *err)
{
    int rc = refill(d, err);
    if (rc < 0 || d->in_left >= RA_ENCODING_MAGIC)
        return rc;
    size_t n = 0;
    while (n < RA_ENCODING_MAGIC) {
        if ((rc = refill(d, err)) < 0)
            return rc;
        if (!d->in_left)
            break;
        d->stash[n++] = *d->in++;
        d->in_left--;
    }
    d->next = d->in;
    d->next_left = d->in_left;
    d->in = d->stash;
    d->in_left = n;
    return 0;
}

int ra_decoder_open(const struct ra_source *from, struct ra_decoder **out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_decoder) d = ra_new(struct ra_decoder);
    d->from = *from;
    int rc = gather_magic(d, err);
    if (rc < 0)
        return rc;
    d->encoding = ra_encoding_detect(d->in, d->in_left);
    d->codec = encodings[d->encoding].codec;
    if (d->codec && (rc = d->codec->open(&d->state, err)) < 0)
        return rc;
    *out = ra_steal_ptr(&d);
    return 0;
}

enum ra_encoding ra_decoder_encoding(const struct ra_decoder *d)
{
    return d->encoding;
}

static ssize_t next_plain(struct ra_decoder *d, const void **p, struct ra_err *err)
{
    int rc = refill(d, err);
    if (rc < 0)
        return rc;
    *p = d->in;
    ssize_t n = (ssize_t)d->in_left;
    d->in_left = 0;
    d->total += (uint64_t)n;
    return n;
}

static ssize_t drain(struct ra_decoder *d, struct ra_err *err)
{
    int rc;
    while ((rc = refill(d, err)) == 0 && d->in_left) {
        d->trailing += d->in_left;
        d->in_left = 0;
    }
    d->ended = rc == 0;
    return rc;
}

/* A zstd stream may hold frames of other programs, to be skipped; the library does that. */
static bool skippable_frame(const struct ra_decoder *d)
{
    return d->encoding == RA_ZSTD && d->in_left >= 4 && d->in[0] >> 4 == 5 &&
           memcmp(d->in + 1, "\x2a\x4d\x18", 3) == 0;
}

static bool begins_member(const struct ra_decoder *d)
{
    return d->in_left && (ra_encoding_detect(d->in, d->in_left) == d->encoding || skippable_frame(d));
}

/* Behind a member: 1 and ready when another follows, 0 when the stream is over. */
static int next_member(struct ra_decoder *d, struct ra_err *err)
{
    int rc = gather_magic(d, err);
    if (rc < 0)
        return rc;
    if (!begins_member(d))
        return 0;
    d->member_over = false;
    rc = d->codec->again(d->state, err);
    return rc < 0 ? rc : 1;
}

/* Steps until some output is there or the member is over. */
static int decode(struct ra_decoder *d, struct ra_codec_io *io, struct ra_err *err)
{
    while (io->out_left == OUT_SIZE) {
        int rc = refill(d, err);
        if (rc < 0)
            return rc;
        io->in = d->in;
        io->in_left = d->in_left;
        rc = d->codec->step(d->state, io, err);
        bool stuck = !d->in_left && io->out_left == OUT_SIZE;
        d->in = io->in;
        d->in_left = io->in_left;
        if (rc < 0)
            return rc;
        d->member_over = rc == 1;
        if (d->member_over)
            return 0;
        if (stuck)
            return ra_fail(err, RA_CORRUPT, "the %s stream is cut off", encodings[d->encoding].name);
    }
    return 0;
}

ssize_t ra_decoder_next(struct ra_decoder *d, const void **p, struct ra_err *err)
{
    if (!d->codec)
        return next_plain(d, p, err);
    struct ra_codec_io io = {.out = d->out, .out_left = OUT_SIZE};
    while (io.out_left == OUT_SIZE && !d->ended) {
        int rc = d->member_over ? next_member(d, err) : 1;
        if (rc < 0)
            return rc;
        if (rc == 0)
            return drain(d, err);
        if ((rc = decode(d, &io, err)) < 0)
            return rc;
    }
    *p = d->out;
    d->total += OUT_SIZE - io.out_left;
    return (ssize_t)(OUT_SIZE - io.out_left);
}

uint64_t ra_decoder_trailing(const struct ra_decoder *d)
{
    return d->trailing;
}

uint64_t ra_decoder_total(const struct ra_decoder *d)
{
    return d->total;
}

void ra_decoder_free(struct ra_decoder *d)
{
    if (!d)
        return;
    if (d->state)
        d->codec->close(d->state);
    free(d);
}
