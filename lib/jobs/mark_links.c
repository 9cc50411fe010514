#include "jobs/mark_parts.h"

#include "base/str.h"

int ra_mark_look_revision(struct ra_marking *m, uint32_t revision, enum ra_mark_link *out, struct ra_err *err)
{
    struct ra_digest d;
    struct ra_stat st;
    RA_ERR_AUTO trouble = {0};
    ra_blobs_digest(m->survey->blobs, revision, &d);
    const char *key = ra_key_revision(&m->key, m->repo->name, &d);
    int rc = ra_sure_stat(m->job->store, key, &st, &trouble);
    *out = rc == -RA_NOTFOUND           ? RA_LINK_ABSENT
           : rc < 0                     ? RA_LINK_KEEP
           : st.mtime > m->opts->cutoff ? RA_LINK_YOUNG
                                        : RA_LINK_DROP;
    if (rc == 0 || rc == -RA_NOTFOUND)
        return 0;
    return ra_find_or_stop(m->job->findings,
                           &(struct ra_place){.path = key, .repository = m->repo->name, .digest = &d},
                           &trouble, err);
}

bool ra_mark_is_alias(const struct ra_marking *m, uint32_t layer)
{
    struct ra_digest d;
    ra_blobs_digest(m->survey->blobs, layer, &d);
    return d.alg != RA_SHA256;
}

/* The number of the digest that was read; RA_NONE when it is nowhere in the storage: then nothing depends on it. */
static uint32_t content(const struct ra_marking *m, bool *good)
{
    struct ra_digest d;
    *good = ra_link_parse(ra_buf_str(&m->buf), m->buf.len, &d);
    return *good ? ra_blobs_find(m->survey->blobs, &d) : RA_NONE;
}

/* What an alias means is known from its content alone. Unread, it may be any layer of its repository. */
static void touch_all_layers(struct ra_marking *m)
{
    for (uint32_t i = 0; i < m->repo->n_layers; i++)
        ra_reach_touch(m->reach, m->repo->layers[i]);
}

int ra_mark_look_layer(struct ra_marking *m, uint32_t layer, bool reached, enum ra_mark_link *out,
                       struct ra_err *err)
{
    struct ra_digest d;
    struct ra_stat st = {0};
    bool good = false;
    RA_ERR_AUTO trouble = {0};
    ra_blobs_digest(m->survey->blobs, layer, &d);
    const char *key = ra_key_layer(&m->key, m->repo->name, &d);
    struct ra_place at = {.path = key, .repository = m->repo->name, .digest = &d};
    int rc = ra_sure_link(m->job->store, key, &m->buf, &st, &trouble);
    uint32_t named = rc == 0 ? content(m, &good) : RA_NONE;
    *out = rc == -RA_NOTFOUND           ? RA_LINK_ABSENT
           : !good                      ? RA_LINK_KEEP
           : st.mtime > m->opts->cutoff ? RA_LINK_YOUNG
                                        : RA_LINK_DROP;
    if (*out == RA_LINK_KEEP || *out == RA_LINK_YOUNG || reached) {
        ra_reach_touch(m->reach, layer);
        ra_reach_touch(m->reach, named);
    }
    if (rc == -RA_NOTFOUND || good)
        return 0;
    if (reached)
        touch_all_layers(m);
    if (rc < 0 && rc != -RA_TOOBIG)
        return ra_find_or_stop(m->job->findings, &at, &trouble, err);
    ra_find(m->job->findings, RA_ERROR, "bad-link", &at,
            m->buf.len ? "the link holds no digest" : "the link is empty");
    return 0;
}

/* --- links in places of old --------------------------------------------------------------------------------- */

/* Calls fn for every "…/link" below prefix; one that vanishes is none. */
static int each_link(struct ra_marking *m, const char *prefix,
                     void (*fn)(struct ra_marking *m, const char *prefix, const char *name),
                     struct ra_err *err)
{
    struct ra_list_opts opts = {.mode = RA_LIST_DEEP};
    RA_AUTO_PTR(ra_list) list = NULL;
    RA_ERR_AUTO trouble = {0};
    struct ra_page page;
    int rc = ra_list_open(m->job->store, prefix, &opts, &list, &trouble);
    while (rc == 0 && (rc = ra_list_next(list, &page, &trouble)) > 0) {
        for (size_t i = 0; i < page.n; i++)
            if (ra_ends_with(page.at[i].name, "/link"))
                fn(m, prefix, page.at[i].name);
        rc = 0;
    }
    if (rc == 0 || rc == -RA_NOTFOUND)
        return 0;
    return ra_find_or_stop(m->job->findings, &(struct ra_place){.path = prefix, .repository = m->repo->name},
                           &trouble, err);
}

static void touch_content(struct ra_marking *m, const char *prefix, const char *name)
{
    bool good;
    struct ra_stat st;
    ra_auto_free char *key = ra_asprintf("%s%s", prefix, name);
    if (ra_sure_link(m->job->store, key, &m->buf, &st, NULL) == 0)
        ra_reach_touch(m->reach, content(m, &good));
}

int ra_mark_odd_layers(struct ra_marking *m, struct ra_err *err)
{
    ra_auto_free char *prefix = ra_strdup(ra_key_layers(&m->key, m->repo->name));
    return m->repo->flags & RA_REPO_LAYERS ? each_link(m, prefix, touch_content, err) : 0;
}

/* signatures/<alg>/<hex>/link */
static void touch_signature(struct ra_marking *m, const char *prefix RA_UNUSED, const char *name)
{
    static const char folder[] = "signatures/";
    struct ra_digest d;
    if (!ra_starts_with(name, folder))
        return;
    const char *alg = name + strlen(folder), *slash = strchr(alg, '/');
    int which = slash ? ra_alg_find(alg, (size_t)(slash - alg)) : -1;
    if (which >= 0 && ra_digest_parse_hex((enum ra_alg)which, slash + 1, strcspn(slash + 1, "/"), &d))
        ra_reach_touch(m->reach, ra_blobs_find(m->survey->blobs, &d));
}

int ra_mark_signatures(struct ra_marking *m, struct ra_err *err)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < m->repo->n_revs; i++) {
        uint32_t blob = m->repo->revs[i].blob;
        const struct ra_survey_manifest *manifest = ra_survey_manifest(m->survey, blob);
        if (!manifest || manifest->kind != RA_MANIFEST_SCHEMA1 || !ra_reach_has(m->reach, blob))
            continue;
        struct ra_digest d;
        ra_blobs_digest(m->survey->blobs, blob, &d);
        ra_auto_free char *prefix = ra_strdup(ra_key_revision_folder(&m->key, m->repo->name, &d));
        rc = each_link(m, prefix, touch_signature, err);
    }
    return rc;
}
