#include "jobs/export_plan.h"

#include "format/tar.h"

static const char oci_layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

struct export_member *ra_export_add_member(struct ra_export_plan *p, const char *name)
{
    struct export_member *m = ra_vec_push(&p->meta);
    *m = (struct export_member){.name = ra_arena_strdup(&p->arena, name), .unpack = RA_NONE};
    return m;
}

/* --- blobs -------------------------------------------------------------------------------------------------- */

static int compare_blobs(const void *x, const void *y, void *arg)
{
    const struct ra_export_plan *p = arg;
    uint32_t l = *(const uint32_t *)x, r = *(const uint32_t *)y;
    const struct export_blob *a = &p->blobs.at[l], *b = &p->blobs.at[r];
    if (a->class != b->class)
        return a->class < b->class ? -1 : 1;
    if (a->first_repo != b->first_repo)
        return a->first_repo < b->first_repo ? -1 : 1;
    return ra_digest_set_cmp(&p->state.digests, l, r);
}

static void order_blobs(struct ra_export_plan *p)
{
    for (uint32_t i = 0; i < p->state.blobs.n; i++)
        if (p->state.blobs.at[i].listed && p->state.blobs.at[i].in)
            *ra_vec_push(&p->order) = i;
    if (p->order.n)
        qsort_r(p->order.at, p->order.n, sizeof(*p->order.at), compare_blobs, p);
}

/* The first blob is aligned in any case: all offsets count from its data. */
static unsigned alignment(const struct ra_export_plan *p, size_t i)
{
    if (p->opts->format != RA_EXPORT_BACKUP)
        return 0;
    return i == 0 || p->state.blobs.at[p->order.at[i]].size >= RA_BACKUP_ALIGN_FROM ? RA_BACKUP_ALIGN : 0;
}

void ra_export_put_blob_header(const struct ra_export_plan *p, size_t i, uint64_t position,
                               struct ra_buf *out)
{
    char hex[RA_DIGEST_TEXT], name[RA_DIGEST_TEXT + 32];
    uint32_t number = p->order.at[i];
    const struct ra_digest *d = RA_DIGEST_AT(&p->state.digests, number);
    snprintf(name, sizeof(name), "blobs/%s/%s", ra_alg_name(d->alg), ra_digest_hex(d, hex));
    ra_tar_put_header(out, name, p->state.blobs.at[number].size, position, alignment(p, i));
}

static uint64_t data_end(const struct ra_backup *s, uint32_t number)
{
    uint64_t size = s->blobs.at[number].size;
    return s->offsets[number] + size + ra_tar_padding(size);
}

uint64_t ra_export_blob_position(const struct ra_export_plan *p, size_t i)
{
    return i == 0 ? p->area : p->base + data_end(&p->state, p->order.at[i - 1]);
}

/* Offsets from the first blob's data, which stands at a multiple of the alignment: so they do not depend on what comes
 * before, and the catalogue, which comes before, can name them. */
static uint64_t place_blobs(struct ra_export_plan *p)
{
    RA_BUF_AUTO header = {0};
    struct ra_backup *s = &p->state;
    uint64_t at = 0;
    s->offsets = ra_calloc(s->blobs.n, sizeof(*s->offsets));
    for (size_t i = 0; i < p->order.n; i++) {
        ra_buf_clear(&header);
        if (i > 0)
            ra_export_put_blob_header(p, i, at, &header);
        s->offsets[p->order.at[i]] = at + header.len;
        at = data_end(s, p->order.at[i]);
    }
    return at;
}

/* --- the rest ----------------------------------------------------------------------------------------------- */

struct counting {
    struct ra_hasher *hasher;
    uint64_t size;
};

static int count(void *arg, const void *data, size_t n, struct ra_err *err)
{
    (void)err;
    struct counting *c = arg;
    ra_hasher_update(c->hasher, data, n);
    c->size += n;
    return 0;
}

static int measure_catalog(struct ra_export_plan *p, struct export_member *m, struct ra_err *err)
{
    RA_AUTO_PTR(ra_hasher) hasher = ra_hasher_new(RA_SHA256);
    struct counting c = {.hasher = hasher};
    int rc = ra_backup_write_catalog(&p->state, (struct ra_sink){count, &c}, err);
    ra_hasher_final(hasher, &p->state.id);
    m->catalog = true;
    m->size = c.size;
    return rc;
}

static int add_backup_members(struct ra_export_plan *p, struct ra_err *err)
{
    ra_export_add_member(p, RA_BACKUP_HEADER);
    int rc = measure_catalog(p, ra_export_add_member(p, RA_BACKUP_CATALOG), err);
    if (rc < 0)
        return rc;
    ra_backup_put_header(&p->state, &p->meta.at[0].bytes);
    ra_buf_adds(&ra_export_add_member(p, "oci-layout")->bytes, oci_layout);
    struct export_member *index = ra_export_add_member(p, "index.json");
    rc = ra_export_put_index(p, &index->bytes, err);
    ra_digest_of(RA_SHA256, ra_buf_str(&index->bytes), index->bytes.len, &p->index);
    struct export_member *table = ra_export_add_member(p, "manifest.json");
    if (rc == 0)
        rc = ra_export_put_docker_table(p, &table->bytes, err);
    if (table->bytes.len == 0)
        p->meta.n--;
    return rc;
}

static void place_meta(struct ra_export_plan *p)
{
    RA_BUF_AUTO header = {0};
    uint64_t at = 0;
    ra_vec_each (m, &p->meta) {
        if (!m->catalog && m->unpack == RA_NONE)
            m->size = m->bytes.len;
        m->position = at;
        ra_buf_clear(&header);
        ra_tar_put_header(&header, m->name, m->size, at, 0);
        at += header.len + m->size + ra_tar_padding(m->size);
    }
    ra_buf_clear(&header);
    if (p->order.n)
        ra_export_put_blob_header(p, 0, at, &header);
    p->area = at;
    p->base = at + header.len;
}

static void place_end(struct ra_export_plan *p, uint64_t at)
{
    RA_BUF_AUTO header = {0};
    struct ra_backup_totals totals;
    p->end = (struct export_member){.name = RA_BACKUP_END, .unpack = RA_NONE, .position = at};
    if (p->opts->format == RA_EXPORT_BACKUP) {
        ra_backup_totals(&p->state, &totals);
        struct ra_backup_end end = {p->meta.n + p->order.n, totals.bytes, p->state.id, p->index};
        ra_backup_put_end(&end, &p->end.bytes);
        p->end.size = p->end.bytes.len;
        ra_tar_put_header(&header, p->end.name, p->end.size, at, 0);
        at += header.len + p->end.size + ra_tar_padding(p->end.size);
    }
    p->size = at + 2 * RA_TAR_BLOCK;
}

int ra_export_arrange(struct ra_export_plan *p, struct ra_err *err)
{
    order_blobs(p);
    uint64_t blobs = place_blobs(p);
    int rc = p->opts->format == RA_EXPORT_BACKUP ? add_backup_members(p, err) : 0;
    if (rc < 0)
        return rc;
    place_meta(p);
    place_end(p, p->base + blobs);
    return 0;
}
