#include "registry/backup.h"

#include "base/jsonw.h"
#include "base/num.h"
#include "base/str.h"

void ra_backup_release(struct ra_backup *b)
{
    free(b->created);
    free(b->registry);
    ra_vec_release(&b->parents);
    ra_names_release(&b->names);
    ra_digest_set_release(&b->digests);
    ra_vec_release(&b->blobs);
    free(b->offsets);
    ra_vec_release(&b->repos);
    ra_vec_release(&b->tags);
    ra_vec_release(&b->history);
    ra_vec_release(&b->revs);
    ra_vec_release(&b->layers);
    *b = (struct ra_backup){0};
}

uint32_t ra_backup_name(struct ra_backup *b, const char *name)
{
    return ra_names_add(&b->names, name, strlen(name), NULL);
}

uint32_t ra_backup_digest(struct ra_backup *b, const struct ra_digest *d)
{
    bool fresh;
    uint32_t number = ra_digest_set_add(&b->digests, d, &fresh);
    if (fresh)
        ra_vec_push(&b->blobs);
    return number;
}

void ra_backup_totals(const struct ra_backup *b, struct ra_backup_totals *out)
{
    *out = (struct ra_backup_totals){0};
    ra_vec_each (blob, &b->blobs) {
        if (!blob->listed)
            continue;
        *(blob->in ? &out->carried : &out->omitted) += 1;
        uint64_t *bytes = blob->in ? &out->bytes : &out->omitted_bytes;
        *bytes = ra_add_sat(*bytes, blob->size);
    }
}

bool ra_backup_blob_name(const char *member, struct ra_digest *out)
{
    if (!ra_starts_with(member, "blobs/"))
        return false;
    const char *alg = member + 6, *slash = strchr(alg, '/');
    int found = slash ? ra_alg_find(alg, (size_t)(slash - alg)) : -1;
    return found >= 0 && ra_digest_parse_hex((enum ra_alg)found, slash + 1, strlen(slash + 1), out);
}

/* --- the catalogue's order ---------------------------------------------------------------------------------- */

static int by_name(const struct ra_backup *b, uint32_t x, uint32_t y)
{
    return x == y ? 0 : strcmp(b->names.at[x], b->names.at[y]);
}

static int by_digest(const struct ra_backup *b, uint32_t x, uint32_t y)
{
    return x == y ? 0 : ra_digest_set_cmp(&b->digests, x, y);
}

static int compare_repos(const void *x, const void *y, void *b)
{
    return by_name(b, *(const uint32_t *)x, *(const uint32_t *)y);
}

static int compare_tags(const void *x, const void *y, void *b)
{
    const struct ra_backup_tag *l = x, *r = y;
    int order = by_name(b, l->repo, r->repo);
    order = order ? order : by_name(b, l->name, r->name);
    return order ? order : by_digest(b, l->digest, r->digest);
}

static int compare_revs(const void *x, const void *y, void *b)
{
    const struct ra_backup_rev *l = x, *r = y;
    int order = by_name(b, l->repo, r->repo);
    return order ? order : by_digest(b, l->digest, r->digest);
}

static int compare_layers(const void *x, const void *y, void *b)
{
    const struct ra_backup_layer *l = x, *r = y;
    int order = by_name(b, l->repo, r->repo);
    return order ? order : by_digest(b, l->digest, r->digest);
}

/* Sorts a vector and drops its twins. */
static void sort(const struct ra_backup *b, void *at, size_t *n, size_t size,
                 int (*compare)(const void *, const void *, void *))
{
    char *elements = at;
    size_t kept = 0;
    if (*n == 0)
        return;
    qsort_r(at, *n, size, compare, (void *)b);
    for (size_t i = 1; i < *n; i++)
        if (compare(elements + kept * size, elements + i * size, (void *)b) != 0 && ++kept != i)
            memcpy(elements + kept * size, elements + i * size, size);
    *n = kept + 1;
}

#define SORT(b, vec, compare) sort((b), (vec).at, &(vec).n, sizeof(*(vec).at), (compare))

void ra_backup_sort(struct ra_backup *b)
{
    SORT(b, b->repos, compare_repos);
    SORT(b, b->tags, compare_tags);
    SORT(b, b->history, compare_tags);
    SORT(b, b->revs, compare_revs);
    SORT(b, b->layers, compare_layers);
}

/* --- writing ------------------------------------------------------------------------------------------------ */

struct line {
    const struct ra_backup *b;
    struct ra_buf text;
    struct ra_jsonw w;
    struct ra_sink to;
};

static void begin(struct line *l, const char *type)
{
    ra_jsonw_to_buf(&l->w, &l->text, false);
    ra_jsonw_object(&l->w);
    ra_jsonw_key_str(&l->w, "t", type);
}

static void put_name(struct line *l, const char *key, uint32_t name)
{
    ra_jsonw_key_str(&l->w, key, l->b->names.at[name]);
}

static void put_digest(struct line *l, const char *key, uint32_t digest)
{
    char text[RA_DIGEST_TEXT];
    ra_jsonw_key_str(&l->w, key, ra_digest_text(RA_DIGEST_AT(&l->b->digests, digest), text));
}

/* Lines are handed on by the block. */
static int flush(struct line *l, struct ra_err *err)
{
    int rc = l->text.len ? l->to.write(l->to.arg, l->text.data, l->text.len, err) : 0;
    ra_buf_clear(&l->text);
    return rc;
}

static int end(struct line *l, struct ra_err *err)
{
    ra_jsonw_end(&l->w);
    ra_jsonw_finish(&l->w, NULL);
    ra_buf_addc(&l->text, '\n');
    return l->text.len < 65536 ? 0 : flush(l, err);
}

static int write_tags(struct line *l, const char *type, const struct ra_backup_tag *at, size_t n,
                      struct ra_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        begin(l, type);
        put_name(l, "repo", at[i].repo);
        put_name(l, "name", at[i].name);
        put_digest(l, "digest", at[i].digest);
        rc = end(l, err);
    }
    return rc;
}

static int write_repos(struct line *l, struct ra_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < l->b->repos.n && rc == 0; i++) {
        begin(l, "repo");
        put_name(l, "repo", l->b->repos.at[i]);
        rc = end(l, err);
    }
    return rc;
}

static int write_revs(struct line *l, struct ra_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < l->b->revs.n && rc == 0; i++) {
        const struct ra_backup_rev *r = &l->b->revs.at[i];
        begin(l, "rev");
        put_name(l, "repo", r->repo);
        put_digest(l, "digest", r->digest);
        if (r->media_type != RA_NO_NAME)
            put_name(l, "mediaType", r->media_type);
        if (r->subject != RA_NONE)
            put_digest(l, "subject", r->subject);
        rc = end(l, err);
    }
    return rc;
}

static int write_layers(struct line *l, struct ra_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < l->b->layers.n && rc == 0; i++) {
        begin(l, "layerlink");
        put_name(l, "repo", l->b->layers.at[i].repo);
        put_digest(l, "digest", l->b->layers.at[i].digest);
        rc = end(l, err);
    }
    return rc;
}

static int compare_numbers(const void *x, const void *y, void *b)
{
    return by_digest(b, *(const uint32_t *)x, *(const uint32_t *)y);
}

static int write_blobs(struct line *l, struct ra_err *err)
{
    const struct ra_backup *b = l->b;
    ra_auto_free uint32_t *order = ra_calloc(b->blobs.n + 1, sizeof(*order));
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->blobs.n; i++)
        if (b->blobs.at[i].listed)
            order[n++] = i;
    qsort_r(order, n, sizeof(*order), compare_numbers, (void *)b);
    int rc = 0;
    for (uint32_t i = 0; i < n && rc == 0; i++) {
        const struct ra_backup_blob *blob = &b->blobs.at[order[i]];
        begin(l, "blob");
        put_digest(l, "digest", order[i]);
        ra_jsonw_key_u64(&l->w, "size", blob->size);
        ra_jsonw_key_u64(&l->w, "in", blob->in);
        if (blob->in)
            ra_jsonw_key_u64(&l->w, "off", b->offsets ? b->offsets[order[i]] : 0);
        rc = end(l, err);
    }
    return rc;
}

int ra_backup_write_catalog(const struct ra_backup *b, struct ra_sink to, struct ra_err *err)
{
    struct line l = {.b = b, .to = to};
    int rc = write_repos(&l, err);
    if (rc == 0)
        rc = write_tags(&l, "tag", b->tags.at, b->tags.n, err);
    if (rc == 0)
        rc = write_tags(&l, "was", b->history.at, b->history.n, err);
    if (rc == 0)
        rc = write_revs(&l, err);
    if (rc == 0)
        rc = write_layers(&l, err);
    if (rc == 0)
        rc = write_blobs(&l, err);
    if (rc == 0)
        rc = flush(&l, err);
    ra_buf_release(&l.text);
    return rc;
}

static void put_counts(struct ra_jsonw *w, const struct ra_backup *b)
{
    struct ra_backup_totals totals;
    ra_backup_totals(b, &totals);
    ra_jsonw_key(w, "counts");
    ra_jsonw_object(w);
    ra_jsonw_key_u64(w, "repositories", b->repos.n);
    ra_jsonw_key_u64(w, "tags", b->tags.n);
    ra_jsonw_key_u64(w, "revisions", b->revs.n);
    ra_jsonw_key_u64(w, "layer_links", b->layers.n);
    ra_jsonw_key_u64(w, "blobs", totals.carried);
    ra_jsonw_key_u64(w, "bytes", totals.bytes);
    ra_jsonw_key_u64(w, "omitted_blobs", totals.omitted);
    ra_jsonw_key_u64(w, "omitted_bytes", totals.omitted_bytes);
    ra_jsonw_end(w);
}

void ra_backup_put_header(const struct ra_backup *b, struct ra_buf *out)
{
    char text[RA_DIGEST_TEXT];
    struct ra_jsonw w;
    ra_jsonw_to_buf(&w, out, true);
    ra_jsonw_object(&w);
    ra_jsonw_key_str(&w, "format", RA_BACKUP_FORMAT);
    ra_jsonw_key_u64(&w, "version", RA_BACKUP_VERSION);
    ra_jsonw_key(&w, "critical");
    ra_jsonw_array(&w);
    ra_jsonw_end(&w);
    ra_jsonw_key_str(&w, "kind", b->kind == RA_BACKUP_FULL ? "full" : "increment");
    ra_jsonw_key_str(&w, "scope", b->selection ? "selection" : "all");
    if (b->created)
        ra_jsonw_key_str(&w, "created", b->created);
    ra_jsonw_key_str(&w, "tool", "regadm " RA_VERSION);
    if (b->registry)
        ra_jsonw_key_str(&w, "registry", b->registry);
    ra_jsonw_key_str(&w, "archive_id", ra_digest_text(&b->id, text));
    ra_jsonw_key(&w, "parents");
    ra_jsonw_array(&w);
    ra_vec_each (parent, &b->parents)
        ra_jsonw_str(&w, ra_digest_text(parent, text));
    ra_jsonw_end(&w);
    put_counts(&w, b);
    if (b->left_out)
        ra_jsonw_key_u64(&w, "left_out", b->left_out);
    ra_jsonw_key_bool(&w, "verified", b->verified);
    ra_jsonw_key_u64(&w, "align", RA_BACKUP_ALIGN);
    ra_jsonw_end(&w);
    ra_jsonw_finish(&w, NULL);
}

void ra_backup_put_end(const struct ra_backup_end *e, struct ra_buf *out)
{
    char text[RA_DIGEST_TEXT];
    struct ra_jsonw w;
    ra_jsonw_to_buf(&w, out, true);
    ra_jsonw_object(&w);
    ra_jsonw_key_bool(&w, "complete", true);
    ra_jsonw_key_u64(&w, "members", e->members);
    ra_jsonw_key_u64(&w, "bytes", e->bytes);
    ra_jsonw_key_str(&w, "catalog", ra_digest_text(&e->catalog, text));
    ra_jsonw_key_str(&w, "index", ra_digest_text(&e->index, text));
    ra_jsonw_end(&w);
    ra_jsonw_finish(&w, NULL);
}
