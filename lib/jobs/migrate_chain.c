#include "jobs/migrate_parts.h"

/* --- metadata ----------------------------------------------------------------------------------------------- */

struct frontier { /* images whose metadata is read at the same time, and then their parents */
    struct ra_mig *m;
    RA_VEC(uint32_t) now, next;
};

static uint32_t add_image(struct ra_mig *m, const char *id, uint32_t child, bool *fresh)
{
    uint32_t i = ra_names_add(&m->ids, id, strlen(id), fresh);
    if (*fresh)
        *ra_vec_push(&m->images) =
            (struct ra_mig_image){.id = m->ids.at[i], .parent = RA_NO_NAME, .child = child};
    return i;
}

static void cannot_load(struct ra_mig_image *image, const struct ra_err *err)
{
    image->unreadable = true;
    if (err->code == RA_NOTFOUND)
        ra_mig_spoil(image, "v1-missing-image", "there is no metadata of image %s", image->id);
    else if (err->code == RA_CORRUPT || err->code == RA_TOOBIG)
        ra_mig_spoil(image, "v1-bad-metadata", "the metadata of image %s is damaged: %s", image->id,
                     ra_err_text(err));
    else
        ra_mig_spoil(image, "unreadable", "%s", ra_err_text(err));
}

static int load(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err RA_UNUSED)
{
    struct frontier *f = arg;
    struct ra_mig *m = f->m;
    struct ra_mig_image *image = &m->images.at[f->now.at[i]];
    struct ra_key key;
    RA_ERR_AUTO why = {0};
    RA_BUF_AUTO json = {0};
    int rc = ra_store_get(m->source->images, ra_v1_image_key(&key, m->source, image->id, RA_V1_JSON),
                          RA_V1_JSON_MAX, &json, NULL, &why);
    if (rc == 0) {
        RA_LOCKED(&m->mutex);
        rc = ra_v1_image_parse(&image->meta, &m->arena, image->id, ra_buf_str(&json), json.len, &why);
    }
    if (rc < 0)
        cannot_load(image, &why);
    ra_progress_add(m->job->progress, 1, json.len);
    return 0;
}

static int read_ancestry(struct ra_mig *m, uint32_t i, struct ra_strings *out, struct ra_arena *arena,
                         struct ra_err *err)
{
    struct ra_key key;
    RA_BUF_AUTO bytes = {0};
    const char *id = m->images.at[i].id;
    int rc = ra_store_get(m->source->images, ra_v1_image_key(&key, m->source, id, RA_V1_ANCESTRY),
                          RA_V1_JSON_MAX, &bytes, NULL, err);
    return rc < 0 ? rc : ra_v1_ancestry_parse(out, arena, id, ra_buf_str(&bytes), bytes.len, err);
}

/* What the image above says about the parent of one whose own metadata is lost. */
static bool bridge(struct ra_mig *m, struct ra_mig_image *image)
{
    RA_AUTO(ra_arena, _release) arena = {0};
    struct ra_strings ancestry = {0};
    if (image->child == RA_NO_NAME || read_ancestry(m, image->child, &ancestry, &arena, NULL) < 0)
        return false;
    size_t at = 1;
    while (at < ancestry.n && !ra_streq(ancestry.at[at], image->id))
        at++;
    if (at == ancestry.n)
        return false;
    const char *parent = at + 1 < ancestry.n ? ancestry.at[at + 1] : "";
    image->meta = (struct ra_v1_image){ra_arena_strdup(&m->arena, parent), "", "", "", "", "", ""};
    image->fate = RA_FATE_UNKNOWN;
    image->salvaged = true;
    image->unreadable = false;
    ra_mig_remarks_release(&image->remarks);
    ra_mig_remark(
        &image->remarks, RA_WARNING, "v1-salvaged",
        "the metadata of image %s is lost; its parent is known from the image above it, its history is not",
        image->id);
    return true;
}

static void find_parents(struct frontier *f)
{
    struct ra_mig *m = f->m;
    f->next.n = 0;
    for (size_t i = 0; i < f->now.n; i++) {
        uint32_t child = f->now.at[i];
        struct ra_mig_image *image = &m->images.at[child];
        bool fresh;
        if (image->fate == RA_FATE_BAD && !(m->opts->salvage && bridge(m, image)))
            continue;
        if (!*image->meta.parent)
            continue;
        uint32_t parent = add_image(m, image->meta.parent, child, &fresh);
        m->images.at[child].parent = parent;
        if (fresh)
            *ra_vec_push(&f->next) = parent;
    }
    __typeof__(f->now) spare = f->now;
    f->now.at = f->next.at, f->now.n = f->next.n, f->now.cap = f->next.cap;
    f->next.at = spare.at, f->next.n = spare.n, f->next.cap = spare.cap;
}

int ra_mig_chain_load_all(struct ra_mig *m, struct ra_err *err)
{
    struct frontier f = {.m = m};
    int rc = 0;
    bool fresh;
    ra_vec_each (t, &m->tags)
        if (t->tag->state == RA_V1_TAG_FINE) {
            t->top = add_image(m, t->tag->id, RA_NO_NAME, &fresh);
            if (fresh)
                *ra_vec_push(&f.now) = t->top;
        }
    while (rc == 0 && f.now.n) {
        rc = ra_parallel(ra_mig_width(m), f.now.n, load, &f, err);
        if (rc == 0)
            find_parents(&f);
    }
    ra_vec_release(&f.now);
    ra_vec_release(&f.next);
    return rc;
}

bool ra_mig_is_reached(const struct ra_mig *m, uint32_t i)
{
    const char *id = m->tree.images.at[i];
    uint32_t image = ra_names_find(&m->ids, id, strlen(id));
    return image != RA_NO_NAME && !m->images.at[image].unreadable;
}

/* --- chains ------------------------------------------------------------------------------------------------- */

static size_t doom(struct ra_mig_tag *t, const char *code, const char *text)
{
    ra_mig_doom(t, code, "%s", text);
    return 0;
}

static size_t endless(struct ra_mig_tag *t, uint32_t at, const uint32_t *chain, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (chain[i] == at)
            return doom(t, "v1-cycle", "the parents of its image run in a circle");
    return doom(t, "v1-cycle", "its image has more than 1,024 ancestors");
}

size_t ra_mig_chain_of(struct ra_mig *m, struct ra_mig_tag *t, uint32_t *out)
{
    size_t n = 0;
    for (uint32_t i = t->top; i != RA_NO_NAME; i = m->images.at[i].parent) {
        if (m->images.at[i].fate == RA_FATE_BAD) {
            const struct ra_mig_remark *why = ra_mig_error(&m->images.at[i].remarks);
            return doom(t, why->code, why->text);
        }
        if (n == RA_V1_CHAIN_MAX)
            return endless(t, i, out, n);
        out[n++] = i;
    }
    for (size_t i = 0; i < n / 2; i++) {
        uint32_t swapped = out[i];
        out[i] = out[n - 1 - i];
        out[n - 1 - i] = swapped;
    }
    return n;
}

static bool same_chain(const struct ra_mig *m, const struct ra_strings *ancestry, const uint32_t *chain,
                       size_t n)
{
    if (ancestry->n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!ra_streq(ancestry->at[i], m->images.at[chain[n - 1 - i]].id))
            return false;
    return true;
}

void ra_mig_chain_check_ancestry(struct ra_mig *m, struct ra_mig_tag *t, const uint32_t *chain, size_t n)
{
    RA_AUTO(ra_arena, _release) arena = {0};
    RA_ERR_AUTO err = {0};
    struct ra_strings ancestry = {0};
    const char *id = m->images.at[t->top].id;
    int rc = read_ancestry(m, t->top, &ancestry, &arena, &err);
    if (rc == -RA_NOTFOUND)
        ra_mig_remark(&t->remarks, RA_NOTE, "v1-no-ancestry",
                      "image %s has no ancestry file: its parents are used", id);
    else if (rc < 0)
        ra_mig_remark(&t->remarks, RA_WARNING, "v1-bad-ancestry",
                      "the ancestry of image %s cannot be used: %s; its parents are used", id,
                      ra_err_text(&err));
    else if (!same_chain(m, &ancestry, chain, n))
        ra_mig_remark(&t->remarks, RA_WARNING, "v1-bad-ancestry",
                      "the ancestry of image %s differs from its chain of parents, which is used", id);
}
