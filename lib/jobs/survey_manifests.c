#include "jobs/survey_parts.h"

struct manifests {
    struct ra_survey_run *run;
    RA_VEC(uint32_t) ids;               /* to be read in this round */
    bool children;                      /* which indexes alone lead to */
    struct ra_survey_manifest **result; /* beside ids */
    RA_VEC(struct ra_survey_manifest *) all;
};

/* --- one manifest ------------------------------------------------------------------------------------------- */

/* The inventory is older than the manifests: what came with one of them since is looked for by itself. */
static void look_for_late(struct ra_survey_run *run, struct ra_survey_worker *w, const struct ra_ref *ref,
                          uint32_t id)
{
    struct ra_stat st;
    bool needed = ref->role == RA_REF_CONFIG || ref->role == RA_REF_LAYER || ref->role == RA_REF_BLOB;
    bool counted = ra_survey_wants(run, RA_SURVEY_BLOBS | RA_SURVEY_SIZES) && !run->listed;
    if (!needed || !counted || ra_blobs_flags(run->out->blobs, id) & RA_BLOB_PRESENT)
        return;
    if (ra_store_stat(run->job->store, ra_key_blob(&w->key, &ref->digest), &st, NULL) < 0 ||
        st.kind != RA_OBJECT)
        return;
    ra_blobs_set(run->out->blobs, id,
                 RA_BLOB_PRESENT | (ra_survey_is_young(run, st.mtime) ? RA_BLOB_YOUNG : 0));
    ra_blobs_size_is(run->out->blobs, id, ra_survey_wants(run, RA_SURVEY_DISK) ? st.disk : st.size);
}

/* A subject may be another's, and what is merely mentioned may be anything. */
static bool tells_size(const struct ra_ref *ref)
{
    return ref->role != RA_REF_SUBJECT && ref->role != RA_REF_MENTIONED;
}

static struct ra_survey_manifest *make(struct ra_survey_run *run, struct ra_survey_worker *w, uint32_t blob,
                                       enum ra_manifest_state state)
{
    const struct ra_refs *refs = &w->refs;
    struct ra_survey_manifest *m = ra_arena_alloc(w->arena, sizeof(*m) + refs->list.n * sizeof(m->refs[0]));
    m->blob = blob;
    m->state = (uint8_t)state;
    m->kind = (uint8_t)refs->kind;
    uint32_t *to = m->refs;
    for (int role = 0; role < RA_ROLES; role++)
        ra_vec_each (ref, &refs->list) {
            if ((int)ref->role != role)
                continue;
            *to = ra_blobs_add(run->out->blobs, &ref->digest);
            if (ref->size >= 0 && tells_size(ref))
                ra_blobs_declare(run->out->blobs, *to, (uint64_t)ref->size);
            look_for_late(run, w, ref, *to);
            if (ref->role == RA_REF_CHILD && !ref->untyped)
                ra_blobs_set(run->out->blobs, *to, RA_BLOB_CHILD);
            to++;
            m->count[role]++;
        }
    return m;
}

/* Rot may leave it a manifest, but of other layers. */
static bool is_whole(const struct ra_survey_worker *w, const struct ra_digest *want)
{
    struct ra_digest got;
    ra_digest_of((enum ra_alg)want->alg, w->buf.data, w->buf.len, &got);
    return ra_digest_eq(&got, want);
}

static enum ra_manifest_state parse(struct ra_survey_run *run, struct ra_survey_worker *w,
                                    const struct ra_place *at)
{
    RA_ERR_AUTO err = {0};
    if (!is_whole(w, at->digest)) {
        ra_find(run->job->findings, RA_ERROR, "bad-manifest", at,
                "the manifest is damaged: its bytes are not what its digest says");
        ra_refs_scan(&w->refs, ra_buf_str(&w->buf), w->buf.len);
        return RA_STATE_BROKEN;
    }
    if (ra_refs_read(&w->refs, w->buf.data, w->buf.len, &err) < 0) {
        ra_find(run->job->findings, RA_ERROR, "bad-manifest", at, "the manifest cannot be read: %s",
                ra_err_text(&err));
        ra_refs_scan(&w->refs, ra_buf_str(&w->buf), w->buf.len);
        return RA_STATE_BROKEN;
    }
    if (w->refs.odd & RA_ODD_NO_MANIFEST) {
        ra_find(run->job->findings, RA_ERROR, "bad-manifest", at,
                "it is no manifest: it has neither a schemaVersion nor a mediaType");
        return RA_STATE_OTHER;
    }
    if (w->refs.kind != RA_MANIFEST_UNKNOWN &&
        !(w->refs.odd & (RA_ODD_VERSION | RA_ODD_AMBIGUOUS | RA_ODD_TYPE)))
        return RA_STATE_OK;
    ra_find(run->job->findings, RA_NOTE, "not-understood", at, "%s",
            w->refs.kind == RA_MANIFEST_UNKNOWN ? "a manifest of a media type that is not known"
            : w->refs.odd & RA_ODD_VERSION      ? "a manifest with a schemaVersion that no registry accepts"
            : w->refs.odd & RA_ODD_AMBIGUOUS    ? "a manifest that is an image and an index at once"
                                                : "a manifest with members of a wrong type");
    return RA_STATE_ODD;
}

/* What fsck moved aside may be mended by hand, or come back from a backup. */
static bool was_moved_aside(struct ra_survey_run *run, const struct ra_place *at)
{
    struct ra_key key;
    struct ra_stat st;
    if (ra_store_stat(run->job->store, ra_key_quarantine(&key, at->digest), &st, NULL) < 0)
        return false;
    ra_find(run->job->findings, RA_WARNING, "bad-manifest", at,
            "the manifest was damaged, and fsck moved it to '%s': until that file is removed, what it "
            "may need is kept",
            key.s);
    return true;
}

static enum ra_manifest_state no_manifest(struct ra_survey_run *run, const struct ra_place *at, int rc,
                                          struct ra_err *trouble)
{
    if (rc == -RA_NOTFOUND)
        return was_moved_aside(run, at) ? RA_STATE_BROKEN : RA_STATE_MISSING;
    if (rc != -RA_TOOBIG) {
        ra_find_unreadable(run->job->findings, at, trouble);
        return RA_STATE_UNREADABLE;
    }
    ra_find(run->job->findings, RA_ERROR, "bad-manifest", at, "%s", ra_err_text(trouble));
    return RA_STATE_TOO_BIG;
}

/* Where no link and no media type calls it a manifest, what does not look like one is a blob, and nothing is amiss. */
static bool is_blob(const struct manifests *m, uint32_t id, struct ra_survey_worker *w, int rc)
{
    if (!m->children || ra_blobs_flags(m->run->out->blobs, id) & RA_BLOB_CHILD)
        return false;
    return rc == -RA_TOOBIG || (rc == 0 && (ra_refs_read(&w->refs, w->buf.data, w->buf.len, NULL) < 0 ||
                                            w->refs.odd & RA_ODD_NO_MANIFEST));
}

static int read_manifest(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct manifests *m = arg;
    struct ra_survey_run *run = m->run;
    struct ra_survey_worker *w = &run->workers[worker];
    struct ra_digest d;
    struct ra_stat st = {0};
    RA_ERR_AUTO trouble = {0};
    ra_blobs_digest(run->out->blobs, m->ids.at[i], &d);
    const char *key = ra_key_blob(&w->key, &d);
    struct ra_place at = {.path = key, .digest = &d};
    int rc = ra_sure_get(run->job->store, key, RA_MANIFEST_MAX, &w->buf, &st, &trouble);
    if (rc == -RA_CANCELLED)
        return ra_err_move(err, &trouble);
    if (is_blob(m, m->ids.at[i], w, rc))
        return 0;
    w->refs.list.n = 0;
    w->refs.kind = RA_MANIFEST_UNKNOWN;
    enum ra_manifest_state state = rc < 0 ? no_manifest(run, &at, rc, &trouble) : parse(run, w, &at);
    m->result[i] = make(run, w, m->ids.at[i], state);
    if (rc == 0) {
        m->result[i]->bytes = (uint32_t)st.size;
        /* What it occupies is known from the listing alone. */
        if (!ra_survey_wants(run, RA_SURVEY_DISK))
            ra_blobs_size_is(run->out->blobs, m->ids.at[i], st.size);
        ra_blobs_set(run->out->blobs, m->ids.at[i],
                     RA_BLOB_PRESENT | (ra_survey_is_young(run, st.mtime) ? RA_BLOB_YOUNG : 0));
    }
    ra_progress_add(run->job->progress, 1, st.size);
    return 0;
}

/* --- all of them -------------------------------------------------------------------------------------------- */

static void want_manifest(struct manifests *m, uint32_t id)
{
    if (id != RA_NONE && !(ra_blobs_set(m->run->out->blobs, id, RA_BLOB_MANIFEST) & RA_BLOB_MANIFEST))
        *ra_vec_push(&m->ids) = id;
}

static void want_all_named(struct manifests *m)
{
    ra_vec_each (repo, &m->run->out->repos) {
        for (uint32_t i = 0; i < repo->n_revs; i++) {
            if (repo->revs[i].flags & RA_REV_NO_LINK)
                continue;
            want_manifest(m, repo->revs[i].blob);
            want_manifest(m, repo->revs[i].other);
        }
        for (uint32_t i = 0; i < repo->n_tags; i++) {
            const struct ra_survey_tag *tag = &repo->tags[i];
            want_manifest(m, tag->target);
            for (uint32_t k = 0; tag->flags & RA_TAG_BAD_LINK && k < tag->n_history; k++)
                want_manifest(m, tag->history[k]);
        }
    }
}

static void want_children(struct manifests *m, const struct ra_survey_manifest *parent)
{
    size_t n;
    const uint32_t *child = ra_survey_refs(parent, RA_REF_CHILD, &n);
    for (size_t i = 0; i < n; i++)
        want_manifest(m, child[i]);
}

static int read_round(struct manifests *m, struct ra_err *err)
{
    size_t n = m->ids.n, before = m->all.n;
    m->result = ra_calloc(n, sizeof(*m->result));
    int rc = ra_parallel_io(m->run->threads, n, read_manifest, m, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (m->result[i])
            *ra_vec_push(&m->all) = m->result[i];
    free(m->result);
    m->ids.n = 0;
    m->children = true;
    for (size_t i = before; ra_survey_wants(m->run, RA_SURVEY_CHILDREN) && i < m->all.n; i++)
        want_children(m, m->all.at[i]);
    return rc;
}

static int compare(const void *a, const void *b)
{
    uint32_t left = (*(struct ra_survey_manifest *const *)a)->blob;
    uint32_t right = (*(struct ra_survey_manifest *const *)b)->blob;
    return left < right ? -1 : left > right;
}

static bool protects(const struct ra_survey *s, uint32_t blob)
{
    const struct ra_survey_manifest *m = blob == RA_NONE ? NULL : ra_survey_manifest(s, blob);
    return m && m->state > RA_STATE_ODD && m->state != RA_STATE_MISSING;
}

static void protect_repos(struct ra_survey *s)
{
    ra_vec_each (repo, &s->repos) {
        bool any = false;
        for (uint32_t i = 0; i < repo->n_revs; i++)
            any |= protects(s, repo->revs[i].blob) || protects(s, repo->revs[i].other);
        for (uint32_t i = 0; i < repo->n_tags; i++)
            any |= protects(s, repo->tags[i].target);
        if (any)
            repo->flags |= RA_REPO_PROTECT;
    }
}

static bool all_missing(const struct manifests *m)
{
    for (size_t i = 0; i < m->all.n; i++)
        if (m->all.at[i]->state != RA_STATE_MISSING)
            return false;
    return m->all.n > 0;
}

int ra_survey_manifests(struct ra_survey_run *run, struct ra_err *err)
{
    struct manifests m = {.run = run};
    struct ra_survey *s = run->out;
    int rc = 0;
    want_all_named(&m);
    ra_progress_phase(run->job->progress, "reading manifests", m.ids.n, 0);
    while (rc == 0 && m.ids.n > 0)
        rc = read_round(&m, err);
    ra_vec_release(&m.ids);
    if (m.all.n)
        qsort(m.all.at, m.all.n, sizeof(*m.all.at), compare);
    s->manifests.at = m.all.at;
    s->manifests.n = m.all.n;
    s->manifests.ids = ra_calloc(m.all.n + 1, sizeof(*s->manifests.ids));
    for (size_t i = 0; i < m.all.n; i++)
        s->manifests.ids[i] = m.all.at[i]->blob;
    if (rc < 0)
        return rc;
    protect_repos(s);
    if (all_missing(&m))
        ra_sure_find_no_blobs(run->job);
    return 0;
}
