#include "format/gzip.h"

#include "base/mem.h"
#include "base/relay.h"

#include <isa-l.h>

/* Room for a block that does not shrink: stored blocks add five bytes per 64 KiB, and the flush behind it. */
#define OUT_SIZE (RA_GZIP_BLOCK + RA_GZIP_BLOCK / 1024 + 1024)
/* One thread hashes and writes what the others have packed: more of them would wait for it. */
#define THREADS_MAX 16
/* So many bytes at the start of a block ISA-L hands to code that does not have the fault told of below. */
#define START ((size_t)16)

struct block {
    uint8_t *in, *out;
    size_t n_in, n_out;
    bool last;
};

struct engine { /* one a thread */
    struct isal_zstream stream;
    uint8_t *level_buf;
};

struct ra_gzip {
    struct ra_sink to;
    enum ra_gzip_level level;
    unsigned n_engines, n_blocks;
    struct ra_relay *relay;
    uint32_t crc, length;
    bool header_written;
    struct block *blocks;
    struct engine *engines;
};

static const uint32_t level_sizes[] = {
    [RA_GZIP_FAST] = ISAL_DEF_LVL1_DEFAULT,
    [RA_GZIP_BETTER] = ISAL_DEF_LVL2_DEFAULT,
    [RA_GZIP_BEST] = ISAL_DEF_LVL3_DEFAULT,
};

void ra_gzip_free(struct ra_gzip *g)
{
    if (!g)
        return;
    ra_relay_free(g->relay);
    for (unsigned i = 0; i < g->n_blocks; i++) {
        free(g->blocks[i].in);
        free(g->blocks[i].out);
    }
    for (unsigned i = 0; i < g->n_engines; i++)
        free(g->engines[i].level_buf);
    free(g->blocks);
    free(g->engines);
    free(g);
}

static int deflate_step(struct isal_zstream *s, size_t n, uint16_t flush, struct ra_err *err)
{
    s->avail_in = (uint32_t)n;
    s->flush = flush;
    if (isal_deflate(s) != COMP_OK || s->avail_in || !s->avail_out)
        return ra_fail(err, RA_IO, "cannot compress");
    return 0;
}

/*
 * A full flush ends every block but the last, so that the next one starts at a byte and looks back at nothing.
 *
 * On x86, ISA-L up to 2.32 enters the third position of a block into the table of its levels 1 and 2 under the hash of
 * an address, that of the stream (igzip_icf_body_h1_gr_bt.asm, write_first_byte): other bytes come out in other
 * processes. What is flushed with so few bytes does not go through that code, and the rest has a start then.
 */
static int deflate_block(void *arg, size_t slot, unsigned worker, struct ra_err *err)
{
    struct ra_gzip *g = arg;
    struct block *b = &g->blocks[slot];
    struct isal_zstream *s = &g->engines[worker].stream;
    size_t start = g->level < RA_GZIP_BEST && b->n_in > START ? START : 0;
    isal_deflate_init(s);
    s->level = g->level;
    s->level_buf = g->engines[worker].level_buf;
    s->level_buf_size = level_sizes[g->level];
    s->next_in = b->in;
    s->next_out = b->out;
    s->avail_out = OUT_SIZE;
    int rc = start ? deflate_step(s, start, SYNC_FLUSH, err) : 0;
    s->end_of_stream = b->last;
    if (rc == 0)
        rc = deflate_step(s, b->n_in - start, FULL_FLUSH, err);
    b->n_out = OUT_SIZE - s->avail_out;
    return rc;
}

static int write_header(struct ra_gzip *g, struct ra_err *err)
{
    static const uint8_t header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
    if (g->header_written)
        return 0;
    g->header_written = true;
    return g->to.write(g->to.arg, header, sizeof(header), err);
}

static int write_block(void *arg, size_t slot, struct ra_err *err)
{
    struct ra_gzip *g = arg;
    struct block *b = &g->blocks[slot];
    int rc = write_header(g, err);
    b->n_in = 0;
    return rc < 0 ? rc : g->to.write(g->to.arg, b->out, b->n_out, err);
}

struct ra_gzip *ra_gzip_new(enum ra_gzip_level level, unsigned threads, struct ra_sink to)
{
    struct ra_gzip *g = ra_new(struct ra_gzip);
    g->to = to;
    g->level = level;
    g->n_engines = threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
    g->n_blocks = g->n_engines > 1 ? 2 * g->n_engines : 1;
    g->blocks = ra_calloc(g->n_blocks, sizeof(*g->blocks));
    for (unsigned i = 0; i < g->n_blocks; i++) {
        g->blocks[i].in = ra_io_buffer(RA_GZIP_BLOCK);
        g->blocks[i].out = ra_io_buffer(OUT_SIZE);
    }
    g->engines = ra_calloc(g->n_engines, sizeof(*g->engines));
    for (unsigned i = 0; i < g->n_engines; i++)
        g->engines[i].level_buf = ra_malloc(level_sizes[level]);
    g->relay = ra_relay_new(g->n_engines, g->n_blocks, deflate_block, write_block, g);
    return g;
}

void *ra_gzip_room(const struct ra_gzip *g, size_t *n)
{
    const struct block *b = &g->blocks[ra_relay_slot(g->relay)];
    *n = RA_GZIP_BLOCK - b->n_in;
    return b->in + b->n_in;
}

int ra_gzip_write(struct ra_gzip *g, const void *p, size_t n, struct ra_err *err)
{
    const uint8_t *at = p;
    while (n) {
        struct block *b = &g->blocks[ra_relay_slot(g->relay)];
        size_t take = RA_GZIP_BLOCK - b->n_in < n ? RA_GZIP_BLOCK - b->n_in : n;
        if (at != b->in + b->n_in)
            memcpy(b->in + b->n_in, at, take);
        g->crc = crc32_gzip_refl(g->crc, at, take);
        g->length += (uint32_t)take;
        b->n_in += take;
        at += take;
        n -= take;
        int rc = b->n_in == RA_GZIP_BLOCK ? ra_relay_push(g->relay, err) : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

static void put_le32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

int ra_gzip_finish(struct ra_gzip *g, struct ra_err *err)
{
    uint8_t trailer[8];
    g->blocks[ra_relay_slot(g->relay)].last = true;
    int rc = ra_relay_push(g->relay, err);
    if (rc == 0)
        rc = ra_relay_drain(g->relay, err);
    if (rc < 0)
        return rc;
    put_le32(trailer, g->crc);
    put_le32(trailer + 4, g->length);
    return g->to.write(g->to.arg, trailer, sizeof(trailer), err);
}
