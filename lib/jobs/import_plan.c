#include "jobs/import_plan.h"

#include "registry/layout.h"

#include <inttypes.h>

uint32_t ra_import_blob(struct ra_import *im, const struct ra_digest *d)
{
    uint32_t number = ra_digest_set_add(im->digests, d, NULL);
    while (im->blobs.n <= number)
        ra_vec_push(&im->blobs);
    return number;
}

struct import_image *ra_import_add_image(struct ra_import *im, const char *source, bool bare, uint32_t root)
{
    struct import_image *image = ra_vec_push(&im->images);
    *image = (struct import_image){
        .source = source ? ra_strdup(source) : NULL, .bare = bare, .root = root, .subject = RA_NONE};
    if (root != RA_NONE) {
        image->pub.digest = ra_digest_set_get(im->digests, root);
        image->pub.has_digest = true;
    }
    return image;
}

uint32_t ra_import_plan_made(struct ra_import *im, const struct ra_buf *bytes)
{
    struct ra_digest d;
    ra_digest_of(RA_SHA256, ra_buf_str(bytes), bytes->len, &d);
    uint32_t number = ra_import_blob(im, &d);
    struct import_blob *b = &im->blobs.at[number];
    if (b->made)
        return number;
    *b =
        (struct import_blob){.size = bytes->len, .from = (uint32_t)im->made.n, .made = true, .planned = true};
    ra_buf_add(ra_vec_push(&im->made), ra_buf_str(bytes), bytes->len);
    return number;
}

int ra_import_set_refs(struct ra_import *im, uint32_t number, const uint32_t *refs, size_t n,
                       struct ra_err *err)
{
    struct import_blob *b = &im->blobs.at[number];
    if (n > UINT32_MAX - im->refs.n)
        return ra_fail(err, RA_TOOBIG, "the manifests refer to too much");
    b->first_ref = (uint32_t)im->refs.n;
    b->n_refs = (uint32_t)n;
    for (size_t i = 0; i < n; i++)
        *ra_vec_push(&im->refs) = refs[i];
    return 0;
}

/* --- where blobs come from ---------------------------------------------------------------------------------- */

static int plan_present(struct ra_import *im, uint32_t number, uint64_t size, struct ra_err *err)
{
    struct import_blob *b = &im->blobs.at[number];
    uint64_t actual = 0;
    int there = ra_put_has_blob(im->job->store, RA_DIGEST_AT(im->digests, number), size, &actual, err);
    if (there < 0)
        return there;
    b->present = there;
    b->missing = !there;
    b->size = there ? actual : size;
    return 0;
}

static int wrong_size(const struct ra_import *im, uint32_t number, uint64_t has, uint64_t said,
                      struct ra_err *err)
{
    char text[RA_DIGEST_TEXT];
    return ra_fail(err, RA_CORRUPT, "%s has %" PRIu64 " bytes, and is said to have %" PRIu64,
                   ra_digest_text(RA_DIGEST_AT(im->digests, number), text), has, said);
}

/* Says where a blob comes from: the member, or the storage, or nowhere. CORRUPT when the member has another size. */
static int plan_blob(struct ra_import *im, uint32_t number, uint64_t size, struct ra_err *err)
{
    struct import_blob *b = &im->blobs.at[number];
    struct ra_found found;
    if (b->planned)
        return !b->missing && b->size != size ? wrong_size(im, number, b->size, size, err) : 0;
    b->planned = true;
    int rc = ra_members_find_blob(im->members, number, &found, err);
    if (rc == -RA_NOTFOUND) {
        ra_err_clear(err);
        return plan_present(im, number, size, err);
    }
    if (rc < 0)
        return rc;
    b->member = true;
    b->from = found.index;
    b->size = found.size;
    return b->size != size ? wrong_size(im, number, b->size, size, err) : 0;
}

static int fetch(struct ra_import *im, uint32_t number, struct ra_buf *out, struct ra_err *err)
{
    const struct import_blob *b = &im->blobs.at[number];
    struct ra_key key;
    if (b->made)
        return ra_buf_add(out, ra_buf_str(&im->made.at[b->from]), b->size), 0;
    if (b->member)
        return ra_members_read(im->members, &(struct ra_found){b->from, b->size}, RA_MANIFEST_MAX, out, err);
    return ra_store_get(im->job->store, ra_key_blob(&key, RA_DIGEST_AT(im->digests, number)), RA_MANIFEST_MAX,
                        out, NULL, err);
}

int ra_import_read_manifest(struct ra_import *im, uint32_t number, struct ra_buf *out, struct ra_err *err)
{
    struct ra_digest got;
    char want_text[RA_DIGEST_TEXT], got_text[RA_DIGEST_TEXT];
    const struct ra_digest *want = RA_DIGEST_AT(im->digests, number);
    int rc = fetch(im, number, out, err);
    if (rc < 0)
        return rc;
    ra_digest_of(want->alg, ra_buf_str(out), out->len, &got);
    if (!ra_digest_eq(&got, want))
        return ra_fail(err, RA_CORRUPT, "the bytes of '%s' are those of %s", ra_digest_text(want, want_text),
                       ra_digest_text(&got, got_text));
    return 0;
}

/* --- the graph ---------------------------------------------------------------------------------------------- */

static bool is_manifest_type(const char *type)
{
    return !*type || ra_media_type_entry(type) == RA_ENTRY_MANIFEST;
}

/* A manifest still to be read. */
struct todo {
    uint32_t number;
    char *media_type; /* as its descriptor says */
};

struct graph {
    struct ra_import *im;
    RA_VEC(struct todo) todo;
    RA_VEC(uint32_t) refs; /* of the manifest being read */
};

static void graph_release(struct graph *g)
{
    ra_vec_each (t, &g->todo)
        free(t->media_type);
    ra_vec_release(&g->todo);
    ra_vec_release(&g->refs);
}

static void push(struct graph *g, uint32_t number, const char *media_type)
{
    *ra_vec_push(&g->todo) = (struct todo){number, ra_strdup(media_type)};
}

static int refer(struct graph *g, const struct ra_descriptor *d, bool child, struct ra_err *err)
{
    if (!d->valid)
        return ra_fail(err, RA_CORRUPT, "it refers to '%.100s', which is no digest", d->text);
    if (d->size < 0)
        return ra_fail(err, RA_CORRUPT, "it gives no size for '%s'", d->text);
    uint32_t number = ra_import_blob(g->im, &d->digest);
    bool known = g->im->blobs.at[number].planned;
    int rc = plan_blob(g->im, number, (uint64_t)d->size, err);
    if (rc < 0)
        return rc;
    struct import_blob *b = &g->im->blobs.at[number];
    if (d->foreign && b->missing)
        return 0;
    *ra_vec_push(&g->refs) = number;
    if (child && is_manifest_type(d->media_type) && !(known && b->manifest))
        push(g, number, d->media_type);
    return 0;
}

static int refer_all(struct graph *g, const struct ra_descriptors *list, bool child, struct ra_err *err)
{
    for (size_t i = 0; i < list->n; i++) {
        int rc = refer(g, &list->at[i], child, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Tools that disagree on what a document is would see different images in it (CVE-2021-41190). */
static int check_form(const struct ra_manifest *m, const char *media_type, struct ra_err *err)
{
    if (m->odd & RA_ODD_AMBIGUOUS)
        return ra_fail(err, RA_CORRUPT, "it is an image and an index at once");
    if (m->media_type_written && *media_type && !ra_streq(m->media_type, media_type))
        return ra_fail(err, RA_CORRUPT, "it calls itself '%.100s', and is referred to as '%.100s'",
                       m->media_type, media_type);
    if (m->odd & RA_ODD_TYPE)
        return ra_fail(err, RA_CORRUPT, "a member of it has the wrong type");
    if (m->odd & RA_ODD_VERSION)
        return ra_fail(err, RA_CORRUPT, "its schemaVersion is not 2");
    return 0;
}

static int refer_to_parts(struct graph *g, const struct ra_manifest *m, struct ra_err *err)
{
    int rc = m->config ? refer(g, m->config, false, err) : 0;
    if (rc == 0)
        rc = refer_all(g, &m->layers, false, err);
    if (rc == 0)
        rc = refer_all(g, &m->blobs, false, err);
    return rc < 0 ? rc : refer_all(g, &m->manifests, true, err);
}

static int read_manifest(struct graph *g, const struct todo *t, struct ra_err *err)
{
    RA_BUF_AUTO bytes = {0};
    RA_MANIFEST_AUTO m = {0};
    int rc = ra_import_read_manifest(g->im, t->number, &bytes, err);
    if (rc == 0)
        rc = ra_manifest_parse(&m, ra_buf_str(&bytes), bytes.len, err);
    if (rc == 0)
        rc = check_form(&m, t->media_type, err);
    g->refs.n = 0;
    if (rc == 0 && m.kind != RA_MANIFEST_SCHEMA1)
        rc = refer_to_parts(g, &m, err);
    return rc < 0 ? rc : ra_import_set_refs(g->im, t->number, g->refs.at, g->refs.n, err);
}

static int read_once(struct graph *g, const struct todo *t, struct ra_err *err)
{
    char text[RA_DIGEST_TEXT];
    struct import_blob *b = &g->im->blobs.at[t->number];
    if (b->missing || b->manifest)
        return 0;
    b->manifest = true;
    int rc = read_manifest(g, t, err);
    return rc < 0 ? ra_wrap(err, rc, "manifest %s",
                            ra_digest_text(RA_DIGEST_AT(g->im->digests, t->number), text))
                  : 0;
}

static int read_next(struct graph *g, struct ra_err *err)
{
    struct todo t = g->todo.at[--g->todo.n];
    int rc = read_once(g, &t, err);
    free(t.media_type);
    return rc;
}

int ra_import_plan_graph(struct ra_import *im, uint32_t root, const char *media_type, uint64_t size,
                         struct ra_err *err)
{
    __attribute__((cleanup(graph_release))) struct graph g = {.im = im};
    int rc = plan_blob(im, root, size, err);
    if (rc == 0)
        push(&g, root, media_type);
    while (rc == 0 && g.todo.n > 0)
        if ((rc = ra_check_cancelled(err)) == 0)
            rc = read_next(&g, err);
    return rc;
}

int ra_import_each(const struct ra_import *im, uint32_t root,
                   int (*visit)(void *arg, uint32_t number, struct ra_err *err), void *arg,
                   struct ra_err *err)
{
    RA_VEC(uint32_t) todo = {0};
    ra_auto_free uint8_t *seen = ra_calloc(im->blobs.n, 1);
    int rc = 0;
    *ra_vec_push(&todo) = root;
    while (rc == 0 && todo.n > 0) {
        uint32_t number = todo.at[--todo.n];
        const struct import_blob *b = &im->blobs.at[number];
        if (seen[number]++)
            continue;
        for (size_t i = 0; i < b->n_refs; i++) {
            uint32_t ref = im->refs.at[b->first_ref + i];
            if (!seen[ref])
                *ra_vec_push(&todo) = ref;
        }
        rc = visit(arg, number, err);
    }
    ra_vec_release(&todo);
    return rc;
}

/* --- completeness ------------------------------------------------------------------------------------------- */

struct needing {
    struct ra_import *im;
    const struct import_image *image;
    size_t missing;
};

static int need(void *arg, uint32_t number, struct ra_err *err)
{
    (void)err;
    struct needing *n = arg;
    struct import_blob *b = &n->im->blobs.at[number];
    char text[RA_DIGEST_TEXT];
    struct ra_place at = {.repository = n->image->pub.repo,
                          .tag = n->image->pub.tag,
                          .digest = RA_DIGEST_AT(n->im->digests, number)};
    if (b->missing && !b->needed) {
        n->missing++;
        ra_find(n->im->job->findings, n->im->opts.allow_missing ? RA_WARNING : RA_ERROR, "missing-blob", &at,
                "%s is neither in the archive nor in the storage", ra_digest_text(at.digest, text));
    }
    b->needed = true;
    return 0;
}

int ra_import_check_complete(struct ra_import *im, struct ra_err *err)
{
    struct needing n = {.im = im};
    ra_vec_each (image, &im->images) {
        if (image->dropped || image->root == RA_NONE)
            continue;
        n.image = image;
        ra_import_each(im, image->root, need, &n, NULL);
    }
    if (n.missing == 0 || im->opts.allow_missing)
        return 0;
    int rc = ra_fail(err, RA_NOTFOUND, "%s neither in the archive nor in the storage",
                     n.missing == 1 ? "a blob is" : "some blobs are");
    return ra_hint(err, rc, "--allow-missing stores the images without them");
}

/* --- links -------------------------------------------------------------------------------------------------- */

struct linking {
    struct ra_import *im;
    const struct import_image *image;
    struct ra_put *put;
};

static int note_link(void *arg, uint32_t number, struct ra_err *err)
{
    (void)err;
    struct linking *l = arg;
    const struct import_blob *b = &l->im->blobs.at[number];
    if (b->missing)
        return 0;
    if (b->manifest)
        ra_put_revision(l->put, l->image->pub.repo, RA_DIGEST_AT(l->im->digests, number));
    else
        ra_put_layer(l->put, l->image->pub.repo, RA_DIGEST_AT(l->im->digests, number));
    return 0;
}

int ra_import_write_links(struct ra_import *im, struct ra_err *err)
{
    if (im->job->dry_run)
        return 0;
    RA_AUTO_PTR(ra_put) put = ra_put_new(im->job->store);
    ra_put_lend(put, im->digests);
    ra_import_guard_tags(im, put);
    ra_vec_each (image, &im->images) {
        if (image->dropped || image->root == RA_NONE || image->pub.status == RA_IMPORT_SKIPPED)
            continue;
        struct linking l = {im, image, put};
        ra_import_each(im, image->root, note_link, &l, NULL);
        if (image->pub.tag && !im->blobs.at[image->root].missing)
            ra_put_tag(put, image->pub.repo, image->pub.tag, RA_DIGEST_AT(im->digests, image->root));
    }
    return ra_put_finish(put, ra_job_io_threads(im->job), NULL, err);
}
