#include "jobs/mark_parts.h"

#define MANY 8

struct run {
    const struct ra_job *job;
    const struct ra_survey *survey;
    const struct ra_mark_opts *opts;
    struct ra_mark *out;
    struct ra_marking *workers;
};

/* --- roots -------------------------------------------------------------------------------------------------- */

static bool is_missing(const struct ra_marking *m, uint32_t id)
{
    const struct ra_survey_manifest *manifest = ra_survey_manifest(m->survey, id);
    return !manifest || manifest->state == RA_STATE_MISSING;
}

static void report_dangling(struct ra_marking *m, const struct ra_survey_tag *tag)
{
    struct ra_digest d;
    ra_blobs_digest(m->survey->blobs, tag->target, &d);
    struct ra_place at = {.path = ra_key_tag_current(&m->key, m->repo->name, tag->name),
                          .repository = m->repo->name,
                          .tag = tag->name,
                          .digest = &d};
    ra_find(m->job->findings, RA_WARNING, "dangling-tag", &at,
            "the tag points to a manifest that is not there");
}

static void enter_history(struct ra_marking *m, const struct ra_survey_tag *tag)
{
    for (uint32_t i = 0; i < tag->n_history; i++)
        ra_reach_enter(m->reach, tag->history[i]);
}

static void enter_tags(struct ra_marking *m)
{
    for (uint32_t i = 0; i < m->repo->n_tags; i++) {
        const struct ra_survey_tag *tag = &m->repo->tags[i];
        ra_reach_enter(m->reach, tag->target);
        if (tag->target != RA_NONE && is_missing(m, tag->target))
            report_dangling(m, tag);
        if (tag->flags & (RA_TAG_BAD_LINK | RA_TAG_UNREADABLE))
            enter_history(m, tag);
    }
}

static void enter_revision(struct ra_marking *m, const struct ra_survey_rev *rev)
{
    if (rev->flags & RA_REV_NO_LINK)
        return;
    ra_reach_enter(m->reach, rev->blob);
    ra_reach_enter(m->reach, rev->other);
}

/* Damaged links, and manifests of a kind that is not known: who can tell whether they need a tag? */
static bool is_odd(const struct ra_marking *m, const struct ra_survey_rev *rev)
{
    const struct ra_survey_manifest *manifest = ra_survey_manifest(m->survey, rev->blob);
    return rev->flags & (RA_REV_BAD_LINK | RA_REV_OTHER) || (manifest && manifest->state == RA_STATE_ODD);
}

static void enter_odd_revisions(struct ra_marking *m)
{
    for (uint32_t i = 0; i < m->repo->n_revs; i++)
        if (is_odd(m, &m->repo->revs[i]))
            enter_revision(m, &m->repo->revs[i]);
}

/* A repository that is not understood: whatever its links name. */
static int enter_everything(struct ra_marking *m, struct ra_err *err)
{
    for (uint32_t i = 0; i < m->repo->n_revs; i++)
        enter_revision(m, &m->repo->revs[i]);
    for (uint32_t i = 0; i < m->repo->n_tags; i++)
        enter_history(m, &m->repo->tags[i]);
    for (uint32_t i = 0; i < m->repo->n_layers; i++)
        ra_reach_touch(m->reach, m->repo->layers[i]);
    return ra_mark_odd_layers(m, err);
}

static bool is_unreached(const struct ra_marking *m, const struct ra_survey_rev *rev)
{
    return !(rev->flags & RA_REV_NO_LINK) && !ra_reach_has(m->reach, rev->blob);
}

/* Revisions that nothing reaches: the young ones are roots, since a push is under way. Those that are to go are looked
 * at once more. */
static int enter_young(struct ra_marking *m, struct ra_err *err)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < m->repo->n_revs; i++) {
        const struct ra_survey_rev *rev = &m->repo->revs[i];
        enum ra_mark_link link = rev->flags & RA_REV_YOUNG ? RA_LINK_YOUNG : RA_LINK_DROP;
        if (!is_unreached(m, rev))
            continue;
        if (m->opts->delete_untagged || is_missing(m, rev->blob))
            rc = ra_mark_look_revision(m, rev->blob, &link, err);
        if (link == RA_LINK_KEEP || link == RA_LINK_YOUNG)
            enter_revision(m, rev);
    }
    return rc;
}

/* And the others, whose manifest is there. Which are first must not matter to their number. */
static void enter_untagged(struct ra_marking *m)
{
    for (uint32_t i = 0; i < m->repo->n_revs; i++)
        m->out->n_untagged += is_unreached(m, &m->repo->revs[i]) && !is_missing(m, m->repo->revs[i].blob);
    for (uint32_t i = 0; i < m->repo->n_revs; i++)
        if (is_unreached(m, &m->repo->revs[i]) && !is_missing(m, m->repo->revs[i].blob))
            enter_revision(m, &m->repo->revs[i]);
}

/* --- what is left ------------------------------------------------------------------------------------------- */

static void drop_revisions(struct ra_marking *m)
{
    for (uint32_t i = 0; i < m->repo->n_revs; i++)
        if (m->repo->revs[i].flags & RA_REV_NO_LINK || !ra_reach_has(m->reach, m->repo->revs[i].blob))
            *ra_vec_push(&m->out->revs) = i;
}

/* Everything reached since the last time is kept, and has these flags. */
static void mark(struct ra_marking *m, unsigned flags)
{
    const struct ra_ids *ids = ra_reach_ids(m->reach);
    for (; m->n_marked < ids->n; m->n_marked++)
        ra_blobs_set(m->survey->blobs, ids->at[m->n_marked], RA_MARK_KEPT | flags);
}

/* Contents first: an alias may be what reaches another link. */
static int judge_layers(struct ra_marking *m, struct ra_err *err)
{
    const struct ra_survey_repo *repo = m->repo;
    int rc = 0;
    m->empty.n = 0;
    for (uint32_t i = repo->n_layers; rc == 0 && i-- > 0;) {
        enum ra_mark_link link = RA_LINK_KEEP;
        bool reached = ra_reach_has(m->reach, repo->layers[i]);
        if (reached && !ra_mark_is_alias(m, repo->layers[i]))
            continue;
        rc = ra_mark_look_layer(m, repo->layers[i], reached, &link, err);
        if (link == RA_LINK_ABSENT)
            *ra_vec_push(&m->empty) = i;
        else if (link == RA_LINK_DROP)
            *ra_vec_push(&m->out->layers) = i;
        mark(m, link == RA_LINK_YOUNG ? RA_MARK_RECENT : RA_MARK_TAGGED);
    }
    return rc;
}

/* Only now is everything reached that will be. */
static void drop_layers(struct ra_marking *m)
{
    struct ra_ids *layers = &m->out->layers;
    size_t n = 0;
    for (size_t i = 0; i < layers->n; i++)
        if (!ra_reach_has(m->reach, m->repo->layers[layers->at[i]]))
            layers->at[n++] = layers->at[i];
    layers->n = n;
    m->out->n_empty_layers = (uint32_t)m->empty.n;
    ra_vec_each (place, &m->empty)
        *ra_vec_push(layers) = *place;
}

/* Those in [from, to) are needed by untagged revisions alone. */
static void tell(const struct ra_marking *m, size_t repo, size_t from, size_t to)
{
    const struct ra_ids *ids = ra_reach_ids(m->reach);
    for (size_t i = 0; m->opts->reached && i < ids->n; i++)
        m->opts->reached(m->opts->arg, repo, ids->at[i], i < from || i >= to);
}

/* --- repositories ------------------------------------------------------------------------------------------- */

static int mark_repo(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct run *run = arg;
    struct ra_marking *m = &run->workers[worker];
    m->repo = &run->survey->repos.at[i];
    m->out = &run->out->repos[i];
    ra_reach_begin(m->reach, m->repo);
    enter_tags(m);
    enter_odd_revisions(m);
    m->n_marked = 0;
    int rc = m->repo->flags & RA_REPO_PROTECT ? enter_everything(m, err) : 0;
    mark(m, RA_MARK_TAGGED);
    if (rc == 0)
        rc = enter_young(m, err);
    mark(m, RA_MARK_RECENT | (m->opts->delete_untagged ? 0 : RA_MARK_UNTAGGED));
    size_t from = m->n_marked;
    if (!m->opts->delete_untagged)
        enter_untagged(m);
    mark(m, RA_MARK_UNTAGGED);
    size_t to = m->n_marked;
    if (rc == 0)
        rc = ra_mark_signatures(m, err);
    mark(m, RA_MARK_TAGGED);
    if (rc == 0)
        rc = judge_layers(m, err);
    drop_revisions(m);
    drop_layers(m);
    tell(m, i, from, to);
    ra_progress_add(run->job->progress, 1, 0);
    return rc;
}

static void release_worker(struct ra_marking *m)
{
    ra_reach_free(m->reach);
    ra_buf_release(&m->buf);
    ra_vec_release(&m->empty);
}

int ra_mark_run(const struct ra_job *job, const struct ra_survey *s, const struct ra_mark_opts *opts,
                struct ra_mark *out, struct ra_err *err)
{
    /* Each has a bitmap of all blobs, and little to wait for: more than a few would only take memory. */
    unsigned threads = job->threads < MANY ? job->threads : MANY;
    struct run run = {.job = job, .survey = s, .opts = opts, .out = out};
    *out = (struct ra_mark){.repos = ra_calloc(s->repos.n + 1, sizeof(*out->repos)), .n = s->repos.n};
    run.workers = ra_calloc(threads, sizeof(*run.workers));
    for (unsigned i = 0; i < threads; i++)
        run.workers[i] = (struct ra_marking){.job = job, .survey = s, .opts = opts, .reach = ra_reach_new(s)};
    ra_progress_phase(job->progress, "marking", s->repos.n, 0);
    int rc = ra_parallel(threads, s->repos.n, mark_repo, &run, err);
    for (unsigned i = 0; i < threads; i++)
        release_worker(&run.workers[i]);
    free(run.workers);
    if (rc < 0)
        ra_mark_release(out);
    return rc;
}

enum ra_mark_fate ra_mark_fate(unsigned flags)
{
    if (flags & RA_MARK_TAGGED)
        return RA_FATE_NEEDED;
    if (flags & (RA_MARK_RECENT | RA_BLOB_YOUNG))
        return RA_FATE_YOUNG;
    return flags & RA_MARK_UNTAGGED ? RA_FATE_UNTAGGED : RA_FATE_FREE;
}

const char *ra_mark_overlooked(const struct ra_survey *s)
{
    bool any = !s->complete;
    ra_vec_each (repo, &s->repos)
        any |= (repo->flags & RA_REPO_UNLISTED) != 0;
    return s->no_repositories ? "there are blobs, but no repositories"
           : any              ? "some repositories could not be listed"
                              : NULL;
}

void ra_mark_release(struct ra_mark *m)
{
    for (size_t i = 0; i < m->n; i++) {
        ra_vec_release(&m->repos[i].revs);
        ra_vec_release(&m->repos[i].layers);
    }
    free(m->repos);
    *m = (struct ra_mark){0};
}
