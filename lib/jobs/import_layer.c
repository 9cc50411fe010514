#include "jobs/import_plan.h"

#include "format/decompress.h"
#include "format/gzip.h"
#include "format/zstd.h"

#define PIECE ((size_t)1 << 18)

/* A member as a source; its bytes are also written to `copy`, as they stand, unless that is NULL. */
struct feed {
    struct ra_import *im;
    struct ra_member_reader reader;
    struct ra_put_blob *copy;
    struct ra_gzip *into; /* which all is going to be written to, and thus read into; or NULL */
    char *buffer;
};

static void feed_release(struct feed *f)
{
    ra_member_reader_release(&f->reader);
    free(f->buffer);
}

static ssize_t feed_next(void *arg, const void **p, struct ra_err *err)
{
    struct feed *f = arg;
    size_t room = PIECE;
    void *to = f->into ? ra_gzip_room(f->into, &room) : f->buffer;
    int rc = ra_check_cancelled(err);
    if (rc < 0)
        return rc;
    ssize_t n = ra_member_read(&f->reader, to, room, err);
    if (n <= 0)
        return n;
    *p = to;
    ra_progress_add(f->im->job->progress, 0, (uint64_t)n);
    rc = f->copy ? ra_put_blob_write(f->copy, to, (size_t)n, err) : 0;
    return rc < 0 ? rc : n;
}

static int open_feed(struct ra_import *im, const struct ra_found *member, struct feed *f, struct ra_err *err)
{
    *f = (struct feed){.im = im, .reader = {.fd = -1}, .buffer = ra_io_buffer(PIECE)};
    return ra_member_open(im->members, member, &f->reader, err);
}

/* --- kept as it is ------------------------------------------------------------------------------------------ */

static int hash_decoded(struct ra_decoder *d, uint64_t limit, struct ra_digest *out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_hasher) h = ra_hasher_new(RA_SHA256);
    const void *p;
    ssize_t n;
    while ((n = ra_decoder_next(d, &p, err)) > 0) {
        ra_hasher_update(h, p, (size_t)n);
        if (ra_decoder_total(d) > limit)
            return ra_fail(err, RA_TOOBIG, "unpacked it has more than %llu bytes", (unsigned long long)limit);
    }
    if (n == 0)
        ra_hasher_final(h, out);
    return (int)n;
}

static int drain(struct feed *f, struct ra_err *err)
{
    const void *p;
    ssize_t n;
    while ((n = feed_next(f, &p, err)) > 0)
        ;
    return (int)n;
}

static int decode(struct feed *f, struct ra_digest *diff_id, struct ra_err *err)
{
    RA_AUTO_PTR(ra_decoder) d = NULL;
    int rc = ra_decoder_open(&(struct ra_source){feed_next, f}, &d, err);
    return rc < 0 ? rc : hash_decoded(d, f->im->opts.max_bytes, diff_id, err);
}

static int keep(struct feed *f, struct import_layer *out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_put_blob) to = NULL;
    struct ra_import *im = f->im;
    int rc = ra_put_blob_open(ra_import_target(im), NULL, f->reader.left, &to, err);
    if (rc < 0)
        return rc;
    f->copy = to;
    out->checked = !im->opts.skip_diff_ids;
    rc = out->checked ? decode(f, &out->diff_id, err) : drain(f, err);
    if (rc == 0)
        rc = ra_put_blob_seal(to, &out->stored, err);
    return rc < 0 ? rc : ra_import_park(im, ra_steal_ptr(&to), err);
}

/* --- compressed here ---------------------------------------------------------------------------------------- */

/* All compressors, and none, behind one face. */
struct packer {
    struct ra_gzip *gzip;
    struct ra_zstd *zstd;
    struct ra_put_blob *to;
    struct ra_hasher *plain; /* of what goes in */
    const char *unhashed;    /* went in, and is not hashed yet */
    size_t n_unhashed;
};

static void packer_release(struct packer *p)
{
    ra_gzip_free(p->gzip);
    ra_zstd_free(p->zstd);
    ra_hasher_free(p->plain);
}

/* What went in waits with its hash for something that comes out: two are hashed faster than one. */
static int take_packed(void *arg, const void *data, size_t n, struct ra_err *err)
{
    struct packer *p = arg;
    size_t both = n < p->n_unhashed ? n : p->n_unhashed;
    const char *unhashed = p->unhashed;
    p->unhashed += both;
    p->n_unhashed -= both;
    return ra_put_blob_write_beside(p->to, data, n, p->plain, unhashed, both, err);
}

static int packer_open(struct packer *p, const struct ra_import *im, struct ra_put_blob *to,
                       struct ra_err *err)
{
    struct ra_sink sink = {take_packed, p};
    unsigned level = im->opts.level;
    *p = (struct packer){.to = to, .plain = ra_hasher_new(RA_SHA256)};
    if (im->opts.compression == RA_LAYER_GZIP)
        p->gzip = ra_gzip_new(level ? (enum ra_gzip_level)level : RA_GZIP_BETTER, im->job->threads, sink);
    else if (im->opts.compression == RA_LAYER_ZSTD)
        return ra_zstd_new((int)level, im->job->threads, sink, &p->zstd, err);
    return 0;
}

static int packer_write(struct packer *p, const void *data, size_t n, struct ra_err *err)
{
    p->unhashed = data;
    p->n_unhashed = n;
    int rc = p->gzip   ? ra_gzip_write(p->gzip, data, n, err)
             : p->zstd ? ra_zstd_write(p->zstd, data, n, err)
                       : take_packed(p, data, n, err);
    ra_hasher_update(p->plain, p->unhashed, p->n_unhashed);
    p->n_unhashed = 0;
    return rc;
}

static int packer_finish(struct packer *p, struct ra_digest *diff_id, struct ra_err *err)
{
    ra_hasher_final(p->plain, diff_id);
    ra_hasher_reset(p->plain);
    return p->gzip ? ra_gzip_finish(p->gzip, err) : p->zstd ? ra_zstd_finish(p->zstd, err) : 0;
}

static int pack_all(struct ra_import *im, const struct ra_source *from, struct packer *to,
                    struct ra_digest *diff_id, struct ra_err *err)
{
    uint64_t total = 0;
    const void *p;
    ssize_t n;
    while ((n = from->next(from->arg, &p, err)) > 0) {
        total += (uint64_t)n;
        if (total > im->opts.max_bytes)
            return ra_fail(err, RA_TOOBIG, "unpacked it has more than %llu bytes",
                           (unsigned long long)im->opts.max_bytes);
        int rc = packer_write(to, p, (size_t)n, err);
        if (rc < 0)
            return rc;
    }
    return n < 0 ? (int)n : packer_finish(to, diff_id, err);
}

static ssize_t decoded_next(void *arg, const void **p, struct ra_err *err)
{
    return ra_decoder_next(arg, p, err);
}

static int pack(struct feed *f, bool plain, struct import_layer *out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_put_blob) to = NULL;
    RA_AUTO_PTR(ra_decoder) d = NULL;
    __attribute__((cleanup(packer_release))) struct packer packer = {0};
    struct ra_import *im = f->im;
    struct ra_source from = {feed_next, f};
    int rc = plain ? 0 : ra_decoder_open(&from, &d, err);
    if (rc == 0)
        rc = ra_put_blob_open(ra_import_target(im), NULL, 0, &to, err);
    if (rc == 0)
        rc = packer_open(&packer, im, to, err);
    if (plain)
        f->into = packer.gzip;
    else
        from = (struct ra_source){decoded_next, d};
    if (rc == 0)
        rc = pack_all(im, &from, &packer, &out->diff_id, err);
    if (rc == 0)
        rc = ra_put_blob_seal(to, &out->stored, err);
    out->checked = true;
    return rc < 0 ? rc : ra_import_park(im, ra_steal_ptr(&to), err);
}

/* --- either ------------------------------------------------------------------------------------------------- */

static const char *media_type(const struct ra_import *im, enum ra_encoding stored)
{
    bool gzip = stored == RA_GZIP || (stored != RA_ZSTD && im->opts.compression == RA_LAYER_GZIP);
    bool zstd = stored == RA_ZSTD || (stored != RA_GZIP && im->opts.compression == RA_LAYER_ZSTD);
    return gzip ? RA_MT_DOCKER_LAYER_GZIP : zstd ? RA_MT_OCI_LAYER_ZSTD : RA_MT_DOCKER_LAYER;
}

static int convert(struct feed *f, struct import_layer *out, struct ra_err *err)
{
    char magic[RA_ENCODING_MAGIC];
    struct ra_member_reader peek = f->reader;
    ssize_t n = ra_member_read(&peek, magic, sizeof(magic), err);
    if (n < 0)
        return (int)n;
    enum ra_encoding encoding = ra_encoding_detect(magic, (size_t)n);
    out->media_type = media_type(f->im, encoding);
    out->zstd = ra_streq(out->media_type, RA_MT_OCI_LAYER_ZSTD);
    return encoding == RA_GZIP || encoding == RA_ZSTD ? keep(f, out, err)
                                                      : pack(f, encoding == RA_PLAIN, out, err);
}

static int check_diff_id(const struct import_layer *l, const struct ra_digest *want, struct ra_err *err)
{
    char said[RA_DIGEST_TEXT], is[RA_DIGEST_TEXT];
    if (!want || !l->checked || ra_digest_eq(want, &l->diff_id))
        return 0;
    return ra_fail(err, RA_CORRUPT, "the config gives it the diff id %s, its content has %s",
                   ra_digest_text(want, said), ra_digest_text(&l->diff_id, is));
}

int ra_import_layer(struct ra_import *im, const struct ra_found *member, const struct ra_digest *want,
                    struct import_layer *out, struct ra_err *err)
{
    __attribute__((cleanup(feed_release))) struct feed f;
    char space[RA_MEMBER_SPACE];
    *out = (struct import_layer){0};
    int rc = open_feed(im, member, &f, err);
    if (rc == 0)
        rc = convert(&f, out, err);
    if (rc == 0)
        rc = check_diff_id(out, want, err);
    return rc < 0 ? ra_wrap(err, rc, "layer '%s'", ra_member_name(im->members, member->index, space)) : 0;
}
