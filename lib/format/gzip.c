#include "format/gzip.h"

#include "base/mem.h"
#include "base/pool.h"

#include <isa-l.h>

/* Room for a block that does not shrink: stored blocks add five bytes per 64 KiB, and the flush behind it. */
#define OUT_SIZE (RA_GZIP_BLOCK + RA_GZIP_BLOCK / 1024 + 1024)

struct block {
    uint8_t *in;
    size_t n_in;
    uint8_t *out;
    size_t n_out;
    uint8_t *level_buf;
    struct isal_zstream stream;
};

struct ra_gzip {
    struct ra_sink to;
    enum ra_gzip_level level;
    unsigned n_blocks;
    unsigned filling; /* the block that input goes to */
    uint32_t crc, length;
    bool header_written, last;
    struct block *blocks;
};

static const uint32_t level_sizes[] = {
    [RA_GZIP_FAST] = ISAL_DEF_LVL1_DEFAULT,
    [RA_GZIP_BETTER] = ISAL_DEF_LVL2_DEFAULT,
    [RA_GZIP_BEST] = ISAL_DEF_LVL3_DEFAULT,
};

struct ra_gzip *ra_gzip_new(enum ra_gzip_level level, unsigned threads, struct ra_sink to)
{
    struct ra_gzip *g = ra_new(struct ra_gzip);
    g->to = to;
    g->level = level;
    g->n_blocks = threads ? threads : 1;
    g->blocks = ra_calloc(g->n_blocks, sizeof(*g->blocks));
    for (unsigned i = 0; i < g->n_blocks; i++) {
        g->blocks[i].in = ra_malloc(RA_GZIP_BLOCK);
        g->blocks[i].out = ra_malloc(OUT_SIZE);
        g->blocks[i].level_buf = ra_malloc(level_sizes[level]);
    }
    return g;
}

void ra_gzip_free(struct ra_gzip *g)
{
    if (!g)
        return;
    for (unsigned i = 0; i < g->n_blocks; i++) {
        free(g->blocks[i].in);
        free(g->blocks[i].out);
        free(g->blocks[i].level_buf);
    }
    free(g->blocks);
    free(g);
}

/* A full flush ends every block but the last, so that the next one starts at a byte and looks back at
 * nothing. */
static int deflate_block(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct ra_gzip *g = arg;
    struct block *b = &g->blocks[i];
    isal_deflate_init(&b->stream);
    b->stream.level = g->level;
    b->stream.level_buf = b->level_buf;
    b->stream.level_buf_size = level_sizes[g->level];
    b->stream.flush = FULL_FLUSH;
    b->stream.end_of_stream = g->last && i == g->filling;
    b->stream.next_in = b->in;
    b->stream.avail_in = (uint32_t)b->n_in;
    b->stream.next_out = b->out;
    b->stream.avail_out = OUT_SIZE;
    if (isal_deflate(&b->stream) != COMP_OK || b->stream.avail_in || !b->stream.avail_out)
        return ra_fail(err, RA_IO, "cannot compress");
    b->n_out = OUT_SIZE - b->stream.avail_out;
    return 0;
}

static int write_header(struct ra_gzip *g, struct ra_err *err)
{
    static const uint8_t header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
    if (g->header_written)
        return 0;
    g->header_written = true;
    return g->to.write(g->to.arg, header, sizeof(header), err);
}

/* Compresses the blocks [0, filling] and writes them in order. */
static int flush_blocks(struct ra_gzip *g, struct ra_err *err)
{
    size_t n = g->filling + 1;
    int rc = ra_parallel(g->n_blocks, n, deflate_block, g, err);
    if (rc == 0)
        rc = write_header(g, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct block *b = &g->blocks[i];
        g->crc = crc32_gzip_refl(g->crc, b->in, b->n_in);
        g->length += (uint32_t)b->n_in;
        b->n_in = 0;
        rc = g->to.write(g->to.arg, b->out, b->n_out, err);
    }
    g->filling = 0;
    return rc;
}

/* The block that takes input, after the full ones were written if all are full. */
static int block_with_room(struct ra_gzip *g, struct block **out, struct ra_err *err)
{
    if (g->blocks[g->filling].n_in == RA_GZIP_BLOCK) {
        if (g->filling + 1 < g->n_blocks)
            g->filling++;
        else {
            int rc = flush_blocks(g, err);
            if (rc < 0)
                return rc;
        }
    }
    *out = &g->blocks[g->filling];
    return 0;
}

int ra_gzip_write(struct ra_gzip *g, const void *p, size_t n, struct ra_err *err)
{
    const uint8_t *at = p;
    while (n) {
        struct block *b;
        int rc = block_with_room(g, &b, err);
        if (rc < 0)
            return rc;
        size_t take = RA_GZIP_BLOCK - b->n_in < n ? RA_GZIP_BLOCK - b->n_in : n;
        memcpy(b->in + b->n_in, at, take);
        b->n_in += take;
        at += take;
        n -= take;
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
    g->last = true;
    int rc = flush_blocks(g, err);
    if (rc < 0)
        return rc;
    put_le32(trailer, g->crc);
    put_le32(trailer + 4, g->length);
    return g->to.write(g->to.arg, trailer, sizeof(trailer), err);
}
