#include "jobs/gc_parts.h"

#include "base/num.h"

#include <stdatomic.h>

/* --- blobs -------------------------------------------------------------------------------------------------- */

struct sums {
    struct ra_gc_count blobs;
    struct ra_gc_some untagged, young;
};

/* A step for every blob that has all flags of `set` and none of `unset`. */
struct judging {
    struct ra_gc *gc;
    int (*step)(const struct judging *j, uint32_t id, struct ra_err *err);
    unsigned set, unset;
    bool spare;
    pthread_mutex_t mutex; /* over the sums */
    struct sums sums;
};

/* Learns a blob's size and age. What cannot be looked at counts as young. */
static int look(const struct judging *j, uint32_t id, struct ra_err *err)
{
    struct ra_gc *gc = j->gc;
    struct ra_digest d;
    struct ra_key key;
    struct ra_stat st;
    RA_ERR_AUTO trouble = {0};
    ra_blobs_digest(gc->survey.blobs, id, &d);
    int rc = ra_sure_stat(gc->job->store, ra_key_blob(&key, &d), &st, &trouble);
    if (rc == -RA_NOTFOUND)
        return ra_blobs_set(gc->survey.blobs, id, RA_MARK_HOLLOW), 0;
    if (rc < 0 || st.mtime > gc->cutoff)
        ra_blobs_set(gc->survey.blobs, id, RA_BLOB_YOUNG);
    if (rc == 0)
        return ra_blobs_size_is(gc->survey.blobs, id, st.size), 0;
    return ra_find_or_stop(gc->job->findings, &(struct ra_place){.path = key.s, .digest = &d}, &trouble, err);
}

/* Who knows the size of its file has seen the age too (RA_BLOB_YOUNG). Of what stays a declared size is enough. */
static bool is_known(unsigned flags)
{
    return flags & RA_BLOB_SIZED || (flags & RA_MARK_KEPT && flags & RA_BLOB_DECLARED);
}

static int doom(const struct judging *j, uint32_t id, struct ra_err *err)
{
    struct ra_blobs *blobs = j->gc->survey.blobs;
    unsigned flags = ra_blobs_flags(blobs, id);
    if (flags & RA_MARK_KEPT && is_known(flags))
        return 0;
    int rc = is_known(flags) ? 0 : look(j, id, err);
    flags = ra_blobs_flags(blobs, id);
    if (rc == 0 && !j->spare && !(flags & RA_MARK_HOLLOW) && ra_mark_fate(flags) == RA_FATE_FREE)
        ra_blobs_set(blobs, id, RA_MARK_DOOMED);
    return rc;
}

static void add_some(struct ra_gc_some *to, bool really, uint64_t bytes)
{
    to->blobs += really;
    to->bytes += really ? bytes : 0;
}

/* What an untagged revision that stays needs does not stay for its age. */
static void add_up(struct sums *sums, struct ra_blobs *blobs, uint32_t id)
{
    unsigned flags = ra_blobs_flags(blobs, id);
    uint64_t size = ra_blobs_size(blobs, id);
    enum ra_mark_fate fate = ra_mark_fate(flags);
    if (flags & RA_MARK_HOLLOW)
        return;
    bool doomed = flags & RA_MARK_DOOMED;
    sums->blobs.removed += doomed;
    sums->blobs.removed_bytes += doomed ? size : 0;
    sums->blobs.kept += !doomed;
    sums->blobs.kept_bytes += doomed ? 0 : size;
    add_some(&sums->untagged, fate == RA_FATE_UNTAGGED, size);
    add_some(&sums->young, fate == RA_FATE_YOUNG && !(flags & RA_MARK_UNTAGGED), size);
}

static void add_sums(struct sums *to, const struct sums *sums)
{
    to->blobs.kept += sums->blobs.kept;
    to->blobs.kept_bytes += sums->blobs.kept_bytes;
    to->blobs.removed += sums->blobs.removed;
    to->blobs.removed_bytes += sums->blobs.removed_bytes;
    to->untagged.blobs += sums->untagged.blobs;
    to->untagged.bytes += sums->untagged.bytes;
    to->young.blobs += sums->young.blobs;
    to->young.bytes += sums->young.bytes;
}

static bool most_are_unknown(struct ra_blobs *blobs, const uint32_t *ids, size_t n)
{
    size_t unknown = 0;
    for (size_t i = 0; i < n; i++)
        unknown += !is_known(ra_blobs_flags(blobs, ids[i]));
    return unknown > n / 2;
}

static void learn(struct ra_gc *gc, const struct ra_entry *e)
{
    struct ra_digest d;
    bool blob = e->st.kind == RA_OBJECT && ra_digest_parse_hex(RA_SHA256, e->name, strlen(e->name), &d);
    uint32_t id = blob ? ra_blobs_find(gc->survey.blobs, &d) : RA_NONE;
    if (id == RA_NONE)
        return;
    ra_blobs_set(gc->survey.blobs, id, e->st.mtime > gc->cutoff ? RA_BLOB_YOUNG : 0);
    ra_blobs_size_is(gc->survey.blobs, id, e->st.size);
}

/* A listing costs a call a blob, a look by itself three. What it does not tell is looked at by itself. */
static void learn_shard(struct ra_gc *gc, unsigned first_byte)
{
    struct ra_list_opts opts = {.mode = RA_LIST_LEAF, .leaf = "data", .want = RA_WANT_SIZE | RA_WANT_MTIME};
    RA_AUTO_PTR(ra_list) list = NULL;
    struct ra_key key;
    struct ra_page page;
    if (ra_list_open(gc->job->store, ra_key_blob_shard(&key, RA_SHA256, first_byte), &opts, &list, NULL) < 0)
        return;
    while (ra_list_next(list, &page, NULL) > 0)
        for (size_t i = 0; i < page.n; i++)
            learn(gc, &page.at[i]);
}

static int judge_part(void *arg, size_t part, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct judging *j = arg;
    struct ra_blobs *blobs = j->gc->survey.blobs;
    struct sums sums = {0};
    size_t n;
    int rc = 0;
    ra_auto_free uint32_t *ids = ra_blobs_part(blobs, (unsigned)part, j->set, j->unset, &n);
    if (part < RA_BLOBS_PARTS - 1 && most_are_unknown(blobs, ids, n))
        learn_shard(j->gc, (unsigned)part);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = j->step(j, ids[i], err);
        add_up(&sums, blobs, ids[i]);
    }
    ra_progress_add(j->gc->job->progress, n, 0);
    RA_LOCKED(&j->mutex);
    add_sums(&j->sums, &sums);
    return rc;
}

static int judge(struct judging *j, uint64_t n, struct ra_err *err)
{
    /* Where much is to go, shards are listed: a few keep any disk busy, many would only take memory. */
    enum { LISTERS = 8 };
    unsigned threads = ra_job_cold_threads(j->gc->job);
    if (j->gc->opts.delete_untagged && threads > LISTERS)
        threads = LISTERS;
    ra_progress_phase(j->gc->job->progress, "judging blobs", n, 0);
    return ra_parallel_io(threads, RA_BLOBS_PARTS, judge_part, j, err);
}

/* Once more over what only untagged revisions need, for its age. For a hint alone, many looks would cost too much: then
 * no more is said than what their links' age allows. */
static int look_at_untagged(struct ra_gc *gc, struct ra_err *err)
{
    enum { MANY = 4096 };
    struct ra_gc_result *r = &gc->result;
    struct judging j = {.gc = gc,
                        .step = look,
                        .set = RA_BLOB_PRESENT | RA_MARK_UNTAGGED,
                        .unset = RA_MARK_TAGGED | RA_MARK_RECENT | RA_BLOB_YOUNG | RA_MARK_HOLLOW,
                        .mutex = PTHREAD_MUTEX_INITIALIZER};
    r->untagged_at_most = r->untagged.blobs > MANY;
    if (r->untagged.blobs == 0 || r->untagged_at_most)
        return 0;
    int rc = judge(&j, r->untagged.blobs, err);
    r->untagged = j.sums.untagged;
    return rc;
}

static void spare_blobs(struct ra_gc *gc, const char *why)
{
    struct ra_place at = {.path = gc->survey.no_repositories ? RA_REPOSITORIES : NULL};
    ra_find(gc->job->findings, RA_ERROR, "blobs-spared", &at, "no blob is removed: %s%s", why,
            gc->survey.no_repositories ? " (if all were removed on purpose, remove the blobs likewise)" : "");
    gc->result.blobs_spared = true;
    gc->result.untagged = gc->result.young = (struct ra_gc_some){0};
}

static int doom_blobs(struct ra_gc *gc, struct ra_err *err)
{
    const char *overlooked = ra_mark_overlooked(&gc->survey);
    struct ra_gc_result *r = &gc->result;
    struct judging j = {.gc = gc,
                        .step = doom,
                        .set = RA_BLOB_PRESENT,
                        .spare = overlooked,
                        .mutex = PTHREAD_MUTEX_INITIALIZER};
    int rc = judge(&j, ra_blobs_count(gc->survey.blobs), err);
    r->blobs = j.sums.blobs;
    r->untagged = j.sums.untagged;
    r->young = j.sums.young;
    if (overlooked && r->blobs.kept + r->blobs.removed > 0)
        spare_blobs(gc, overlooked);
    return rc ? rc : look_at_untagged(gc, err);
}

/* --- the rest ----------------------------------------------------------------------------------------------- */

static int count_item(void *arg, const struct ra_gc_item *item RA_UNUSED, struct ra_err *err RA_UNUSED)
{
    ++*(uint64_t *)arg;
    return 0;
}

/* A repository that is being pushed to for the first time has nothing either. Removing things from one does not touch
 * its own folder. */
static bool is_young(const struct ra_gc *gc, const char *repo)
{
    struct ra_stat st;
    ra_auto_free char *folder = ra_asprintf(RA_REPOSITORIES "%s", repo);
    int rc = ra_sure_stat(gc->job->store, folder, &st, NULL);
    return rc < 0 ? rc != -RA_NOTFOUND : st.mtime > gc->cutoff;
}

static void count_repo(struct ra_gc *gc, size_t i)
{
    const struct ra_survey_repo *repo = &gc->survey.repos.at[i];
    const struct ra_mark_repo *mark = &gc->mark.repos[i];
    struct ra_gc_result *r = &gc->result;
    uint64_t links = 0, revisions = 0, dropped = 0, history = 0, entries = 0;
    ra_gc_revisions(gc, i, &(struct ra_gc_visitor){count_item, &dropped}, NULL);
    ra_gc_history(gc, i, &(struct ra_gc_visitor){count_item, &history}, NULL);
    for (uint32_t k = 0; k < repo->n_revs; k++)
        revisions += !(repo->revs[k].flags & RA_REV_NO_LINK);
    for (uint32_t k = 0; k < repo->n_tags; k++)
        entries += repo->tags[k].n_history;
    links = ra_gc_layer_links(gc, i);
    r->revisions.removed += dropped;
    r->revisions.kept += revisions - dropped;
    r->history.removed += history;
    r->history.kept += entries - history;
    r->layer_links.removed += links;
    r->layer_links.kept += repo->n_layers - mark->layers.n;
    r->untagged_revisions += mark->n_untagged;
    gc->pruned[i] = gc->opts.prune_repositories && ra_gc_repo_is_empty(gc, i) && !is_young(gc, repo->name);
    r->repositories.removed += gc->pruned[i];
    r->repositories.kept += !gc->pruned[i];
}

static void count_uploads(struct ra_gc *gc, const struct ra_survey_repo *repo)
{
    for (uint32_t i = 0; i < repo->n_uploads; i++) {
        bool stale = !(repo->flags & RA_REPO_ALIAS) && ra_gc_upload_is_stale(gc, &repo->uploads[i]);
        gc->result.uploads.removed += stale;
        gc->result.uploads.kept += !stale;
        *(stale ? &gc->result.uploads.removed_bytes : &gc->result.uploads.kept_bytes) +=
            repo->uploads[i].bytes;
    }
}

static uint64_t claim(struct ra_gc *gc, uint32_t id)
{
    unsigned flags = ra_blobs_flags(gc->survey.blobs, id);
    if (!(flags & RA_MARK_DOOMED) || ra_blobs_set(gc->survey.blobs, id, RA_MARK_COUNTED) & RA_MARK_COUNTED)
        return 0;
    return ra_blobs_size(gc->survey.blobs, id);
}

/* A blob that several repositories let go counts for the first of them. */
static void count_freed(struct ra_gc *gc, size_t i)
{
    const struct ra_survey_repo *repo = &gc->survey.repos.at[i];
    if (repo->flags & RA_REPO_ALIAS)
        return;
    const struct ra_mark_repo *mark = &gc->mark.repos[i];
    struct ra_gc_freed freed = {.name = repo->name};
    freed.layer_links = ra_gc_layer_links(gc, i);
    ra_vec_each (place, &mark->layers)
        freed.bytes += claim(gc, repo->layers[*place]);
    ra_vec_each (place, &mark->revs) {
        freed.bytes += claim(gc, repo->revs[*place].blob);
        freed.revisions += !(repo->revs[*place].flags & RA_REV_NO_LINK);
    }
    if (freed.bytes || freed.revisions || freed.layer_links)
        *ra_vec_push(&gc->result.freed) = freed;
}

static int compare_freed(const void *a, const void *b)
{
    const struct ra_gc_freed *left = a, *right = b;
    if (left->bytes != right->bytes)
        return left->bytes > right->bytes ? -1 : 1;
    return strcmp(left->name, right->name);
}

static void count(struct ra_gc *gc)
{
    gc->pruned = ra_calloc(gc->survey.repos.n + 1, sizeof(*gc->pruned));
    for (size_t i = 0; i < gc->survey.repos.n; i++) {
        count_repo(gc, i);
        count_uploads(gc, &gc->survey.repos.at[i]);
        count_freed(gc, i);
    }
    if (gc->result.freed.n)
        qsort(gc->result.freed.at, gc->result.freed.n, sizeof(*gc->result.freed.at), compare_freed);
}

/* --- a storage that lost its blobs --- */

static bool any_blob(const struct ra_survey *s)
{
    for (unsigned part = 0; part < RA_BLOBS_PARTS; part++) {
        size_t n;
        free(ra_blobs_part(s->blobs, part, RA_BLOB_PRESENT, 0, &n));
        if (n)
            return true;
    }
    return false;
}

static bool any_image(const struct ra_survey *s)
{
    ra_vec_each (repo, &s->repos) {
        for (uint32_t i = 0; i < repo->n_tags; i++)
            if (!(repo->tags[i].flags & RA_TAG_NO_LINK))
                return true;
        for (uint32_t i = 0; i < repo->n_revs; i++)
            if (!(repo->revs[i].flags & RA_REV_NO_LINK))
                return true;
    }
    return false;
}

/* Without a single blob every link leads nowhere. Once the disk with them is back, what then lacks its links is
 * garbage. */
static int refuse_lost_blobs(const struct ra_survey *s, struct ra_err *err)
{
    if (any_blob(s) || !any_image(s))
        return 0;
    int rc = ra_fail(err, RA_CORRUPT, "nothing is removed: there are images, but no blobs");
    return ra_hint(err, rc,
                   "see whether the disk of '" RA_BLOBS
                   "' is mounted; `regadm rm` removes images that are lost");
}

/* --- the plan ----------------------------------------------------------------------------------------------- */

static int make_plan(struct ra_gc *gc, struct ra_err *err)
{
    struct ra_survey_opts survey = {.want = RA_SURVEY_BLOBS | RA_SURVEY_REVISIONS | RA_SURVEY_MANIFESTS |
                                            RA_SURVEY_CHILDREN | RA_SURVEY_HISTORY | RA_SURVEY_LAYERS |
                                            RA_SURVEY_UPLOADS};
    int64_t now;
    int rc = ra_store_now(gc->job->store, &now, err);
    if (rc < 0)
        return rc;
    survey.cutoff = gc->cutoff = now - gc->opts.min_age;
    gc->uploads_cutoff =
        now - (gc->opts.uploads_age > gc->opts.min_age ? gc->opts.uploads_age : gc->opts.min_age);
    if ((rc = ra_survey_read(gc->job, &survey, &gc->survey, err)) < 0)
        return rc;
    if ((rc = refuse_lost_blobs(&gc->survey, err)) < 0)
        return rc;
    struct ra_mark_opts mark = {.delete_untagged = gc->opts.delete_untagged, .cutoff = gc->cutoff};
    if ((rc = ra_mark_run(gc->job, &gc->survey, &mark, &gc->mark, err)) < 0)
        return rc;
    rc = doom_blobs(gc, err);
    if (rc < 0)
        return rc;
    ra_gc_tell_unlinked(gc);
    count(gc);
    return ra_gc_find_parts(gc, err);
}

int ra_gc_plan(const struct ra_job *job, const struct ra_gc_opts *opts, struct ra_gc **out,
               struct ra_err *err)
{
    RA_AUTO_PTR(ra_gc) gc = ra_new(struct ra_gc);
    gc->job = job;
    gc->opts = *opts;
    int rc = make_plan(gc, err);
    if (rc == 0)
        *out = ra_steal_ptr(&gc);
    return rc;
}

const struct ra_gc_result *ra_gc_result(const struct ra_gc *gc)
{
    return &gc->result;
}

void ra_gc_free(struct ra_gc *gc)
{
    if (!gc)
        return;
    ra_mark_release(&gc->mark);
    ra_survey_release(&gc->survey);
    ra_vec_release(&gc->result.freed);
    ra_arena_release(&gc->arena);
    free(gc->pruned);
    free(gc);
}
