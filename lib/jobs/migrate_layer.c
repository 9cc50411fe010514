#include "jobs/migrate_parts.h"

#include "format/gzip.h"
#include "format/tar.h"
#include "format/tarsum.h"

#define CHUNK ((size_t)256 << 10)

/* --- one pass ----------------------------------------------------------------------------------------------- */

/* The layer's bytes flow down: file -> raw -> decoder -> content -> tar walk. */
struct flow {
    struct ra_mig_pass *pass;
    struct ra_hasher *stored, *simple,
        *diff; /* `stored` NULL: the blob that is written has the same digest */
    struct ra_decoder *decoder;
    struct ra_gzip *gzip;     /* NULL: nothing is compressed */
    struct ra_hasher *output; /* of what is compressed and not written */
    struct ra_tarsum *tarsum; /* NULL: nobody asked */
    bool copy;                /* raw bytes go to the blob */
    bool ended;               /* the content is at its end */
    int failed;               /* what stopped the flow above the tar walk */
    bool only_zeroes;
    const uint8_t *content; /* what the tar walk has not seen yet */
    size_t content_left;
    size_t ahead; /* bytes in `chunk` that were read to see what they are */
    uint8_t *chunk;
};

static void flow_free(struct flow *f)
{
    ra_hasher_free(f->stored);
    ra_hasher_free(f->simple);
    ra_hasher_free(f->diff);
    ra_hasher_free(f->output);
    ra_decoder_free(f->decoder);
    ra_gzip_free(f->gzip);
    ra_tarsum_free(f->tarsum);
    free(f->chunk);
    free(f);
}
RA_DEFINE_AUTO_PTR(flow, flow_free)

void ra_mig_pass_release(struct ra_mig_pass *p)
{
    ra_put_blob_abort(ra_steal_ptr(&p->blob));
}

static int open_blob(struct ra_mig_pass *p, struct ra_err *err)
{
    int rc = ra_put_blob_open(p->write_to, NULL, 0, &p->blob, err);
    p->target_failed = rc < 0;
    return rc;
}

static int write_blob(struct ra_mig_pass *p, const void *bytes, size_t n, struct ra_err *err)
{
    int rc = ra_put_blob_write(p->blob, bytes, n, err);
    p->target_failed = rc < 0;
    return rc;
}

/* Where compressed bytes go. */
static int take_output(void *arg, const void *p, size_t n, struct ra_err *err)
{
    struct flow *f = arg;
    if (f->pass->blob)
        return write_blob(f->pass, p, n, err);
    ra_hasher_update(f->output, p, n);
    f->pass->blob_id.size += n;
    return 0;
}

static ssize_t read_chunk(struct flow *f, struct ra_err *err)
{
    int rc = ra_check_cancelled(err);
    return rc < 0 ? rc : ra_read(f->pass->reader, f->chunk, CHUNK, err);
}

static ssize_t raw_next(void *arg, const void **p, struct ra_err *err)
{
    struct flow *f = arg;
    ssize_t n = f->ahead ? (ssize_t)f->ahead : read_chunk(f, err);
    f->ahead = 0;
    if (n <= 0)
        return n;
    if (f->stored)
        ra_hasher_update(f->stored, f->chunk, (size_t)n);
    if (f->simple)
        ra_hasher_update(f->simple, f->chunk, (size_t)n);
    int rc = f->copy ? write_blob(f->pass, f->chunk, (size_t)n, err) : 0;
    f->pass->facts.size += (uint64_t)n;
    ra_progress_add(f->pass->progress, 0, (uint64_t)n);
    *p = f->chunk;
    return rc < 0 ? rc : n;
}

static bool all_zero(const uint8_t *p, size_t n)
{
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* The next run of content: 1, 0 at its end. */
static int pull(struct flow *f, struct ra_err *err)
{
    const void *p;
    ssize_t n = f->ended ? 0 : ra_decoder_next(f->decoder, &p, err);
    int rc = (int)n;
    if (n <= 0) {
        f->ended = true;
        f->failed = rc < 0 ? rc : f->failed;
        return rc;
    }
    f->content = p;
    f->content_left = (size_t)n;
    ra_hasher_update(f->diff, p, (size_t)n);
    f->only_zeroes = f->only_zeroes && all_zero(p, (size_t)n);
    if (f->pass->limit && ra_decoder_total(f->decoder) > f->pass->limit)
        rc =
            ra_fail(err, RA_TOOBIG, "it unpacks to more than %llu bytes", (unsigned long long)f->pass->limit);
    else
        rc = f->gzip ? ra_gzip_write(f->gzip, p, (size_t)n, err) : 0;
    f->failed = rc;
    return rc < 0 ? rc : 1;
}

static ssize_t content_read(void *arg, void *p, size_t n, struct ra_err *err)
{
    struct flow *f = arg;
    int rc = f->content_left ? 1 : pull(f, err);
    if (rc <= 0)
        return rc;
    size_t take = n < f->content_left ? n : f->content_left;
    memcpy(p, f->content, take);
    f->content += take;
    f->content_left -= take;
    return (ssize_t)take;
}

static int content_skip(void *arg, uint64_t n, struct ra_err *err)
{
    struct flow *f = arg;
    while (n) {
        int rc = f->content_left ? 1 : pull(f, err);
        if (rc <= 0)
            return rc < 0 ? rc : ra_fail(err, RA_CORRUPT, "cut");
        size_t take = n < f->content_left ? (size_t)n : f->content_left;
        f->content += take;
        f->content_left -= take;
        n -= take;
    }
    return 0;
}

/* Feeds the member to its sum, in pieces as they come. */
static int sum_member(struct flow *f, struct ra_tar *tar, const struct ra_tar_member *member,
                      struct ra_err *err)
{
    uint8_t piece[16384];
    ssize_t n;
    ra_tarsum_member(f->tarsum, member);
    while ((n = ra_tar_read(tar, piece, sizeof(piece), err)) > 0)
        ra_tarsum_data(f->tarsum, piece, (size_t)n);
    return (int)n;
}

static int walk_tar(struct flow *f, struct ra_err *err)
{
    struct ra_tar_source from = {content_read, content_skip, f};
    RA_AUTO_PTR(ra_tar) tar = ra_tar_open(&from);
    struct ra_tar_member member;
    uint64_t members = 0;
    int rc;
    while ((rc = ra_tar_next(tar, &member, err)) > 0) {
        members++;
        if (f->tarsum && (rc = sum_member(f, tar, &member, err)) < 0)
            break;
    }
    if (f->failed < 0)
        return f->failed;
    if (rc < 0)
        return ra_wrap(err, rc, "damaged archive");
    f->pass->facts.no_end = members > 0 && !ra_tar_ended(tar);
    do
        f->content_left = 0;
    while ((rc = pull(f, err)) > 0);
    f->pass->facts.empty = members == 0 && f->only_zeroes;
    return rc;
}

/* Decides, by the first bytes, what becomes of the rest. */
static int begin(struct flow *f, struct ra_err *err)
{
    struct ra_mig_pass *p = f->pass;
    ssize_t n = read_chunk(f, err);
    if (n < 0)
        return (int)n;
    f->ahead = (size_t)n;
    struct ra_mig_facts guess = {.encoding = ra_encoding_detect(f->chunk, f->ahead)};
    bool keep = !p->recompress && ra_mig_facts_keep(&guess, p->plain);
    f->copy = keep && p->copy;
    f->only_zeroes = true;
    f->diff = ra_hasher_new(RA_SHA256);
    if (!f->copy)
        f->stored = ra_hasher_new(RA_SHA256);
    if (p->want_simple) {
        f->simple = ra_hasher_new(RA_SHA256);
        ra_hasher_update(f->simple, ra_buf_str(p->json), p->json->len);
        ra_hasher_update(f->simple, "\n", 1);
    }
    if (p->want_tarsum)
        f->tarsum = ra_tarsum_new();
    if (!keep)
        f->gzip = ra_gzip_new(RA_GZIP_BEST, 1, (struct ra_sink){take_output, f});
    if (f->gzip && !p->write_to)
        f->output = ra_hasher_new(RA_SHA256);
    int rc = (f->gzip && p->write_to) || f->copy ? open_blob(p, err) : 0;
    return rc < 0 ? rc : ra_decoder_open(&(struct ra_source){raw_next, f}, &f->decoder, err);
}

static void note_facts(struct flow *f)
{
    struct ra_mig_facts *facts = &f->pass->facts;
    facts->encoding = ra_decoder_encoding(f->decoder);
    facts->trailing = ra_decoder_trailing(f->decoder);
    facts->unpacked = ra_decoder_total(f->decoder);
    facts->has_simple = f->simple;
    ra_hasher_final(f->diff, &facts->diff_id);
    if (f->simple)
        ra_hasher_final(f->simple, &facts->simple);
    if (f->tarsum)
        facts->has_tarsum =
            ra_tarsum_final(f->tarsum, ra_buf_str(f->pass->json), f->pass->json->len, &facts->tarsum);
    if (f->stored)
        ra_hasher_final(f->stored, &facts->stored);
}

/* Ends what was written, or would have been, and says what it is called. */
static int finish_blob(struct flow *f, struct ra_err *err)
{
    struct ra_mig_pass *p = f->pass;
    int rc = f->gzip ? ra_gzip_finish(f->gzip, err) : 0;
    if (rc == 0 && p->blob)
        rc = ra_put_blob_seal(p->blob, &p->blob_id, err);
    p->target_failed = p->target_failed || rc < 0;
    if (rc < 0)
        return rc;
    if (f->copy)
        p->facts.stored = p->blob_id.digest;
    else if (f->output)
        ra_hasher_final(f->output, &p->blob_id.digest);
    else if (!f->gzip)
        p->blob_id = (struct ra_blob_id){p->facts.stored, p->facts.size};
    return 0;
}

int ra_mig_layer_pass(struct ra_mig_pass *p, struct ra_err *err)
{
    RA_AUTO_PTR(flow) f = ra_new(struct flow);
    f->chunk = ra_io_buffer(CHUNK);
    f->pass = p;
    int rc = begin(f, err);
    if (rc == 0)
        rc = walk_tar(f, err);
    if (rc < 0)
        return rc;
    note_facts(f);
    return finish_blob(f, err);
}

/* --- one layer ---------------------------------------------------------------------------------------------- */

static bool is_damage(int rc)
{
    return rc == -RA_CORRUPT || rc == -RA_UNSUPPORTED || rc == -RA_TOOBIG;
}

static void cannot_take(struct ra_mig_image *image, int rc, const struct ra_err *err)
{
    if (is_damage(rc))
        ra_mig_spoil(image, "v1-damaged-layer", "the layer of image %s cannot be used: %s", image->id,
                     ra_err_text(err));
    else
        ra_mig_spoil(image, "unreadable", "%s", ra_err_text(err));
}

/* Whether the file is still the one that was looked at first. */
static int check_unchanged(struct ra_mig *m, const struct ra_mig_image *image, struct ra_err *err)
{
    struct ra_key key;
    struct ra_stat st;
    int rc =
        ra_store_stat(m->source->images, ra_v1_image_key(&key, m->source, image->id, RA_V1_LAYER), &st, err);
    if (rc < 0 || (st.size == image->size && st.mtime == image->mtime))
        return rc;
    __atomic_store_n(&m->live, true, __ATOMIC_RELAXED);
    return ra_fail(err, RA_BUSY, "the layer of image %s changed while it was read", image->id);
}

struct taking {
    struct ra_mig *m;
    struct ra_mig_image *image;
    struct ra_buf json;
    bool fatal; /* the target failed, or somebody wants to stop */
};

static int read_layer(struct taking *t, bool recompress, bool write, struct ra_err *err)
{
    struct ra_mig *m = t->m;
    struct ra_mig_image *image = t->image;
    struct ra_key key;
    RA_AUTO_PTR(ra_reader) reader = NULL;
    int rc = ra_read_open(m->source->images, ra_v1_image_key(&key, m->source, image->id, RA_V1_LAYER), 0,
                          UINT64_MAX, RA_READ_ONCE, &reader, err);
    if (rc < 0)
        return rc;
    RA_MIG_PASS_AUTO pass = {
        .reader = reader,
        .json = &t->json,
        .want_simple = image->checksum.has_simple || m->state,
        .want_tarsum = ra_mig_wants_tarsum(image),
        .limit = m->opts->limit,
        .recompress = recompress,
        .plain = m->opts->plain,
        .write_to = write ? m->job->store : NULL,
        .copy = write && (image->unshareable || !(m->clones || m->opts->link)),
        .progress = m->job->progress,
    };
    rc = ra_mig_layer_pass(&pass, err);
    t->fatal = pass.target_failed || rc == -RA_CANCELLED;
    if (rc == 0)
        rc = check_unchanged(m, image, err);
    if (rc < 0)
        return rc;
    image->facts = pass.facts;
    image->blob = pass.blob_id;
    image->parked = ra_steal_ptr(&pass.blob);
    return 0;
}

/* What lies behind the end of a gzip stream comes to light at the end only: then all of it is done anew. */
static int read_and_compress(struct taking *t, bool write, struct ra_err *err)
{
    int rc = read_layer(t, false, write, err);
    if (rc < 0 || !t->image->facts.trailing || t->image->facts.encoding != RA_GZIP)
        return rc;
    ra_put_blob_abort(ra_steal_ptr(&t->image->parked));
    return read_layer(t, true, write, err);
}

/* Metadata that is lost counts as none. */
static int read_json(struct taking *t, struct ra_err *err)
{
    struct ra_key key;
    int rc = ra_store_get(t->m->source->images, ra_v1_image_key(&key, t->m->source, t->image->id, RA_V1_JSON),
                          RA_V1_JSON_MAX, &t->json, NULL, err);
    if (rc != -RA_NOTFOUND || !t->image->salvaged)
        return rc;
    ra_err_clear(err);
    return 0;
}

static int learn(struct taking *t, bool write, struct ra_err *err)
{
    struct ra_mig *m = t->m;
    int rc = read_json(t, err);
    if (rc < 0 || t->image->size == 0)
        return rc;
    if (ra_mig_state_find(m->state, m->opts, t->image, &t->json, &t->image->facts, &t->image->blob)) {
        t->image->from_state = true;
        ra_progress_add(m->job->progress, 0, t->image->size);
        return 0;
    }
    rc = read_and_compress(t, write, err);
    if (rc == 0)
        ra_mig_state_add(m->state, t->image, &t->json);
    return rc;
}

/* The bytes that the target lacks, when they were not written while reading, and cannot be shared later. */
static int park(struct taking *t, struct ra_err *err)
{
    struct ra_mig *m = t->m;
    struct ra_mig_image *image = t->image;
    bool shared = image->fate == RA_FATE_KEEP && !image->unshareable && (m->clones || m->opts->link);
    if (m->job->dry_run || image->parked || shared)
        return 0;
    int there = ra_put_has_blob(m->job->store, &image->blob.digest, image->blob.size, NULL, err);
    t->fatal = there < 0;
    image->placed = there > 0;
    return there != 0 ? (there < 0 ? there : 0) : read_and_compress(t, true, err);
}

static int take(struct taking *t, struct ra_err *err)
{
    struct ra_mig_image *image = t->image;
    int rc = learn(t, !image->expected && !t->m->job->dry_run, err);
    if (rc < 0)
        return rc;
    if (image->size == 0)
        ra_mig_judge_zero_bytes(t->m, image, &t->json);
    else
        ra_mig_judge_layer(t->m, image);
    if (image->fate == RA_FATE_KEEP || image->fate == RA_FATE_RECOMPRESS)
        return park(t, err);
    ra_put_blob_abort(ra_steal_ptr(&image->parked));
    return 0;
}

int ra_mig_layer_take(struct ra_mig *m, uint32_t i, struct ra_err *err)
{
    struct taking t = {.m = m, .image = &m->images.at[i]};
    if (t.image->mtime > m->started)
        __atomic_store_n(&m->live, true, __ATOMIC_RELAXED);
    int rc = take(&t, err);
    ra_buf_release(&t.json);
    if (rc == 0 || t.fatal)
        return rc;
    ra_put_blob_abort(ra_steal_ptr(&t.image->parked));
    cannot_take(t.image, rc, err);
    ra_err_clear(err);
    return 0;
}

int ra_mig_layer_park(struct ra_mig *m, uint32_t i, bool *source_failed, struct ra_err *err)
{
    struct taking t = {.m = m, .image = &m->images.at[i]};
    int rc = read_json(&t, err);
    if (rc == 0)
        rc = park(&t, err);
    *source_failed = rc < 0 && !t.fatal;
    ra_buf_release(&t.json);
    return rc;
}
