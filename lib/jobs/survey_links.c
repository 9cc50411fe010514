#include "jobs/survey_parts.h"

#include "base/clock.h"
#include "registry/read.h"

/*
 * Links are read in portions of a few, so that a repository with a hundred thousand of them keeps all threads busy; one
 * by one where each is a request over a network, whose waiting is to overlap.
 */
#define PORTION 32

struct portion {
    uint32_t repo, from, n;
    bool tags; /* else revisions */
};

struct portions {
    struct ra_survey_run *run;
    RA_VEC(struct portion) list;
};

struct link {
    struct ra_survey_run *run;
    struct ra_survey_worker *w;
    struct ra_survey_repo *repo;
    enum ra_alg alg;
    bool algs[RA_ALG_COUNT];
};

/* What a link that is not quite one seems to mean: white space around a digest, left by an editor. */
static bool guess(const struct ra_buf *b, struct ra_digest *out)
{
    const char *s = ra_buf_str(b);
    size_t n = b->len;
    while (n && strchr(" \t\r\n", s[n - 1]))
        n--;
    while (n && strchr(" \t\r\n", *s))
        s++, n--;
    return ra_link_parse(s, n, out);
}

/* What reading a link told. */
struct link_state {
    bool missing, bad, unreadable;
    uint32_t blob; /* that it names, or seems to; RA_NONE */
    int64_t mtime;
};

static int read_link(struct link *l, const char *key, const struct ra_place *at, struct link_state *out,
                     struct ra_err *err)
{
    struct ra_survey_worker *w = l->w;
    struct ra_digest d;
    struct ra_stat st = {.mtime = RA_TIME_NONE};
    RA_ERR_AUTO trouble = {0};
    *out = (struct link_state){.blob = RA_NONE};
    int rc = ra_sure_link(l->run->job->store, key, &w->buf, &st, &trouble);
    out->mtime = st.mtime;
    out->missing = rc == -RA_NOTFOUND;
    out->bad = rc == -RA_TOOBIG || (rc == 0 && !ra_link_parse(ra_buf_str(&w->buf), w->buf.len, &d));
    out->unreadable = rc < 0 && !out->missing && !out->bad && rc != -RA_CANCELLED;
    if (out->bad)
        ra_find(l->run->job->findings, RA_ERROR, "bad-link", at,
                w->buf.len ? "the link holds no digest" : "the link is empty");
    else if (rc < 0 && !out->missing)
        return ra_find_or_stop(l->run->job->findings, at, &trouble, err);
    if (rc == 0 && (!out->bad || guess(&w->buf, &d)))
        out->blob = ra_blobs_add(l->run->out->blobs, &d);
    return 0;
}

/* Where there is no link: it, or the folder it belongs in, may be something else. */
static void look_for_odd_link(struct link *l, const char *key)
{
    struct ra_store *store = l->run->job->store;
    struct ra_stat st;
    ra_auto_free char *folder = ra_strndup(key, (size_t)(strrchr(key, '/') - key));
    if (!ra_survey_has_folders(l->run))
        return;
    if (ra_store_stat(store, key, &st, NULL) == 0 && st.kind != RA_OBJECT)
        ra_survey_find_odd(l->run, l->repo, key, st.link);
    else if (ra_store_stat(store, folder, &st, NULL) == 0 && st.kind != RA_PREFIX)
        ra_survey_find_odd(l->run, l->repo, folder, st.link);
}

/* --- revisions ---------------------------------------------------------------------------------------------- */

/* A link is written once, with the digest of its path and nothing else. */
static bool link_is_plausible(struct link *l, const char *key, const struct ra_digest *d, struct ra_stat *st)
{
    char text[RA_DIGEST_TEXT];
    return l->run->listed && !ra_survey_wants(l->run, RA_SURVEY_LINKS) &&
           ra_store_stat(l->run->job->store, key, st, NULL) == 0 && st->kind == RA_OBJECT &&
           st->size == strlen(ra_digest_text(d, text));
}

static uint8_t age_flag(const struct link *l, int64_t mtime)
{
    return ra_survey_is_young(l->run, mtime) ? RA_REV_YOUNG : 0;
}

static int read_revision(struct link *l, struct ra_survey_rev *rev, struct ra_err *err)
{
    struct ra_digest d;
    struct ra_stat st;
    struct link_state link;
    ra_blobs_digest(l->run->out->blobs, rev->blob, &d);
    const char *key = ra_key_revision(&l->w->key, l->repo->name, &d);
    struct ra_place at = {.path = key, .repository = l->repo->name, .digest = &d};
    if (link_is_plausible(l, key, &d, &st)) {
        rev->flags = age_flag(l, st.mtime);
        return 0;
    }
    int rc = read_link(l, key, &at, &link, err);
    rev->flags = (uint8_t)((link.missing ? RA_REV_NO_LINK : 0) | (link.bad ? RA_REV_BAD_LINK : 0) |
                           age_flag(l, link.mtime));
    if (link.unreadable)
        l->repo->flags |= RA_REPO_PROTECT;
    if (link.missing)
        look_for_odd_link(l, key);
    if (link.blob == RA_NONE || link.blob == rev->blob)
        return rc;
    rev->flags |= RA_REV_OTHER;
    rev->other = link.blob;
    ra_find(l->run->job->findings, RA_WARNING, "link-mismatch", &at,
            "the link names another digest than its path");
    return rc;
}

/* --- tags --------------------------------------------------------------------------------------------------- */

static int take_alg(void *arg, const struct ra_entry *e, struct ra_err *err RA_UNUSED)
{
    struct link *l = arg;
    int alg = ra_alg_find(e->name, strlen(e->name));
    bool link = ra_survey_is_link(l->run, e);
    if (alg < 0)
        return 0;
    l->algs[alg] = e->st.kind == RA_PREFIX || (link && e->st.kind == RA_OTHER);
    ra_auto_free char *path = ra_asprintf("%s%s", l->w->key.s, e->name);
    if (link && e->st.kind == RA_PREFIX)
        ra_survey_spare_linked(l->run, l->w, l->repo, path);
    else if (!l->algs[alg] && ra_survey_has_folders(l->run))
        ra_survey_find_odd(l->run, l->repo, path, false);
    return 0;
}

static int take_history(void *arg, const struct ra_entry *e, struct ra_err *err RA_UNUSED)
{
    struct link *l = arg;
    struct ra_digest d;
    bool link = ra_survey_is_link(l->run, e), odd = e->st.kind == RA_OTHER;
    if (!ra_digest_parse_hex(l->alg, e->name, strlen(e->name), &d) || (odd && !ra_survey_has_folders(l->run)))
        return 0;
    *ra_vec_push(&l->w->digests) = d;
    if (link || odd) {
        ra_auto_free char *path = ra_asprintf("%s%s", l->w->key.s, e->name);
        if (odd)
            ra_survey_find_odd(l->run, l->repo, path, link);
        else
            ra_survey_spare_linked(l->run, l->w, l->repo, path);
    }
    return 0;
}

static int list_history(struct link *l, const char *tag, struct ra_err *err)
{
    struct ra_survey_worker *w = l->w;
    w->digests.n = 0;
    memset(l->algs, 0, sizeof(l->algs));
    int rc = ra_survey_each(l->run, ra_key_tag_index(&w->key, l->repo->name, tag), RA_LIST_LEVEL, NULL, 0,
                            take_alg, l, err);
    for (int alg = 0; rc == 0 && alg < RA_ALG_COUNT; alg++) {
        if (!l->algs[alg])
            continue;
        l->alg = (enum ra_alg)alg;
        size_t end = strlen(ra_key_tag_index(&w->key, l->repo->name, tag));
        snprintf(w->key.s + end, sizeof(w->key.s) - end, "%s/", ra_alg_name(l->alg));
        rc = ra_survey_each(l->run, w->key.s, RA_LIST_LEAF, "link", 0, take_history, l, err);
    }
    ra_survey_sort_digests(w);
    return rc;
}

/* Not knowing what a tag was keeps nothing from working: what matters is that it says where to look. */
static int read_history(struct link *l, struct ra_survey_tag *tag, struct ra_err *err)
{
    struct ra_survey_worker *w = l->w;
    RA_ERR_AUTO trouble = {0};
    int rc = list_history(l, tag->name, &trouble);
    tag->n_history = (uint32_t)w->digests.n;
    tag->history = ra_arena_alloc(w->arena, w->digests.n * sizeof(*tag->history));
    for (size_t i = 0; i < w->digests.n; i++)
        tag->history[i] = ra_blobs_add(l->run->out->blobs, &w->digests.at[i]);
    if (rc == 0 || rc == -RA_NOTFOUND)
        return 0;
    l->repo->flags |= RA_REPO_PROTECT;
    struct ra_place at = {.path = ra_key_tag_index(&w->key, l->repo->name, tag->name),
                          .repository = l->repo->name,
                          .tag = tag->name};
    return ra_find_or_stop(l->run->job->findings, &at, &trouble, err);
}

static int read_tag(struct link *l, struct ra_survey_tag *tag, struct ra_err *err)
{
    struct link_state link;
    const char *key = ra_key_tag_current(&l->w->key, l->repo->name, tag->name);
    struct ra_place at = {.path = key, .repository = l->repo->name, .tag = tag->name};
    int rc = read_link(l, key, &at, &link, err);
    tag->target = link.blob;
    tag->flags |= (uint8_t)((link.missing ? RA_TAG_NO_LINK : 0) | (link.bad ? RA_TAG_BAD_LINK : 0) |
                            (link.unreadable ? RA_TAG_UNREADABLE : 0));
    if (ra_survey_wants(l->run, RA_SURVEY_TAG_TIMES))
        tag->mtime = link.mtime;
    if (link.unreadable)
        l->repo->flags |= RA_REPO_PROTECT;
    if (link.missing)
        look_for_odd_link(l, key);
    if (tag->flags & RA_TAG_ILLEGAL && !link.missing)
        ra_find(l->run->job->findings, RA_WARNING, "illegal-name", &at, "no tag may be called so");
    if (rc == 0 && (link.bad || link.unreadable || ra_survey_wants(l->run, RA_SURVEY_HISTORY)))
        rc = read_history(l, tag, err);
    return rc;
}

/* --- portions ----------------------------------------------------------------------------------------------- */

static int read_portion(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct portions *p = arg;
    const struct portion *portion = &p->list.at[i];
    struct link l = {
        .run = p->run, .w = &p->run->workers[worker], .repo = &p->run->out->repos.at[portion->repo]};
    int rc = 0;
    for (uint32_t at = portion->from; rc == 0 && at < portion->from + portion->n; at++)
        rc = portion->tags ? read_tag(&l, &l.repo->tags[at], err) : read_revision(&l, &l.repo->revs[at], err);
    ra_progress_add(p->run->job->progress, portion->n, 0);
    return rc;
}

static void cut(struct portions *p, uint32_t repo, bool tags, uint32_t n)
{
    uint32_t most = p->run->listed ? 1 : PORTION;
    for (uint32_t from = 0; from < n; from += most)
        *ra_vec_push(&p->list) = (struct portion){repo, from, n - from < most ? n - from : most, tags};
}

/* A folder without current link is no tag: only who asked for histories may want to see it. */
static void drop_folders_without_link(struct ra_survey_repo *repo)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < repo->n_tags; i++)
        if (!(repo->tags[i].flags & RA_TAG_NO_LINK))
            repo->tags[n++] = repo->tags[i];
    repo->n_tags = n;
}

int ra_survey_links(struct ra_survey_run *run, const uint32_t *which, size_t n, struct ra_err *err)
{
    struct portions p = {.run = run};
    uint64_t links = 0;
    for (size_t i = 0; i < n; i++) {
        const struct ra_survey_repo *repo = &run->out->repos.at[which[i]];
        links += (uint64_t)repo->n_tags + repo->n_revs;
        cut(&p, which[i], true, repo->n_tags);
        cut(&p, which[i], false, repo->n_revs);
    }
    ra_progress_phase(run->job->progress, "reading links", links, 0);
    int rc = ra_parallel_io(run->threads, p.list.n, read_portion, &p, err);
    ra_vec_release(&p.list);
    for (size_t i = 0; !ra_survey_wants(run, RA_SURVEY_HISTORY) && i < n; i++)
        drop_folders_without_link(&run->out->repos.at[which[i]]);
    return rc;
}
