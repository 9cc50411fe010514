#include "jobs/survey_parts.h"

#include "base/str.h"
#include "store/snapshot.h"

#include <assert.h>

#define ROUNDS 3

/* --- what the steps share ----------------------------------------------------------------------------------- */

int ra_survey_each(const struct ra_survey_run *run, const char *prefix, enum ra_list_mode mode,
                   const char *leaf, unsigned want,
                   int (*fn)(void *arg, const struct ra_entry *e, struct ra_err *err), void *arg,
                   struct ra_err *err)
{
    struct ra_list_opts opts = {.mode = mode, .leaf = leaf, .want = want};
    RA_AUTO_PTR(ra_list) list = NULL;
    struct ra_page page;
    int rc = ra_list_open(run->job->store, prefix, &opts, &list, err);
    while (rc == 0 && (rc = ra_list_next(list, &page, err)) > 0) {
        rc = ra_check_cancelled(err);
        for (size_t i = 0; rc == 0 && i < page.n; i++)
            rc = fn(arg, &page.at[i], err);
    }
    return rc;
}

static int compare_digests(const void *a, const void *b)
{
    return ra_digest_cmp(a, b);
}

void ra_survey_sort_digests(struct ra_survey_worker *w)
{
    if (w->digests.n)
        qsort(w->digests.at, w->digests.n, sizeof(*w->digests.at), compare_digests);
}

bool ra_survey_has_folders(const struct ra_survey_run *run)
{
    return ra_store_info(run->job->store)->caps & RA_CAP_OWNER;
}

bool ra_survey_is_link(const struct ra_survey_run *run, const struct ra_entry *e)
{
    return ra_survey_has_folders(run) && e->st.link;
}

bool ra_survey_note_link(const struct ra_survey_run *run, struct ra_survey_worker *w, const char *path,
                         bool alias)
{
    ra_auto_free char *target = ra_store_elsewhere(run->job->store, path);
    if (target)
        *ra_vec_push(&w->links) = (struct ra_survey_link){ra_arena_strdup(w->arena, path),
                                                          ra_arena_strdup(w->arena, target), alias};
    return target != NULL;
}

void ra_survey_spare_linked(const struct ra_survey_run *run, struct ra_survey_worker *w,
                            struct ra_survey_repo *repo, const char *path)
{
    ra_survey_note_link(run, w, path, false);
    ra_find(run->job->findings, RA_NOTE, "linked-folder",
            &(struct ra_place){.path = path, .repository = repo->name},
            "a symbolic link: what it leads to is kept");
    repo->flags |= RA_REPO_PROTECT;
}

void ra_survey_find_odd(const struct ra_survey_run *run, struct ra_survey_repo *repo, const char *path,
                        bool link)
{
    ra_find(run->job->findings, RA_WARNING, "odd-file",
            &(struct ra_place){.path = path, .repository = repo->name},
            link ? "a symbolic link that leads nowhere or out of the storage: all that the repository names "
                   "is kept"
                 : "not what belongs there: all that the repository names is kept");
    repo->flags |= RA_REPO_PROTECT;
}

/* --- order -------------------------------------------------------------------------------------------------- */

/* Names by component: "a", "a/b", "a-b". */
static int compare_names(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++)
        ;
    if (!*a || !*b || (*a != '/' && *b != '/'))
        return (int)(unsigned char)*a - (int)(unsigned char)*b;
    return (*a == '/' ? -1 : 1);
}

static int compare_repos(const void *a, const void *b)
{
    return compare_names(((const struct ra_survey_repo *)a)->name, ((const struct ra_survey_repo *)b)->name);
}

static void gather_repos(struct ra_survey_run *run)
{
    struct ra_survey *s = run->out;
    for (unsigned i = 0; i < run->threads; i++) {
        ra_vec_each (repo, &run->workers[i].repos)
            *ra_vec_push(&s->repos) = *repo;
        ra_vec_release(&run->workers[i].repos);
    }
    if (s->repos.n)
        qsort(s->repos.at, s->repos.n, sizeof(*s->repos.at), compare_repos);
}

/* --- links -------------------------------------------------------------------------------------------------- */

bool ra_survey_is_of_repo(const char *key, const char *repo)
{
    return ra_starts_with(key, RA_REPOSITORIES) && ra_is_at_or_below(key + strlen(RA_REPOSITORIES), repo);
}

/* Whether a repository lies at a key, or below it. */
static bool lies_below(const char *repo, const char *key)
{
    size_t top = strlen(RA_REPOSITORIES);
    return ra_starts_with(key, RA_REPOSITORIES) && key[top] && ra_is_at_or_below(repo, key + top);
}

static void gather_links(struct ra_survey_run *run)
{
    struct ra_survey *s = run->out;
    for (unsigned i = 0; i < run->threads; i++) {
        ra_vec_each (link, &run->workers[i].links)
            *ra_vec_push(&s->links) = *link;
        ra_vec_release(&run->workers[i].links);
    }
    ra_vec_each (link, &s->links)
        ra_vec_each (repo, &s->repos) {
            if (link->alias && lies_below(repo->name, link->path))
                repo->flags |= RA_REPO_ALIAS;
            if (!link->alias && ra_survey_is_of_repo(link->target, repo->name))
                repo->flags |= RA_REPO_PROTECT;
        }
}

/* --- scratch ------------------------------------------------------------------------------------------------ */

/* What a thread writes upon while it works at a step. */
static void release_scratch(struct ra_survey_worker *w)
{
    ra_buf_release(&w->buf);
    ra_refs_release(&w->refs);
    ra_vec_release(&w->digests);
    ra_vec_release(&w->names);
    ra_vec_release(&w->ids);
}

/* Many threads that each keep the most they ever needed hold more than the whole result. */
static int end_step(const struct ra_survey_run *run, int rc)
{
    for (unsigned i = 0; i < run->threads; i++)
        release_scratch(&run->workers[i]);
    return rc;
}

/* --- repositories, until nothing vanishes ------------------------------------------------------------------- */

struct again {
    struct ra_survey_run *run;
    const uint32_t *which;
};

static int look_again(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct again *a = arg;
    struct ra_survey_run *run = a->run;
    return ra_survey_look_again(run, &run->workers[worker], &run->out->repos.at[a->which[i]], err);
}

static int read_repos(struct ra_survey_run *run, const uint32_t *which, size_t n, struct ra_err *err)
{
    int rc = end_step(run, ra_survey_list(run, which, n, err));
    return rc < 0 ? rc : end_step(run, ra_survey_links(run, which, n, err));
}

/* Those that ask to be read again, put to the front of `which`. */
static size_t unsettled(const struct ra_survey *s, uint32_t *which, size_t n)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (s->repos.at[which[i]].flags & RA_REPO_AGAIN)
            which[left++] = which[i];
    return left;
}

static void give_up(const struct ra_survey_run *run, struct ra_survey_repo *repo)
{
    ra_find(run->job->findings, RA_ERROR, "vanished", &(struct ra_place){.repository = repo->name},
            "things in it vanish while it is read");
    repo->flags |= RA_REPO_PROTECT | RA_REPO_UNLISTED;
}

static int read_until_settled(struct ra_survey_run *run, struct ra_err *err)
{
    struct ra_survey *s = run->out;
    size_t n = s->repos.n;
    ra_auto_free uint32_t *which = ra_calloc(n + 1, sizeof(*which));
    for (uint32_t i = 0; i < n; i++)
        which[i] = i;
    int rc = read_repos(run, which, n, err);
    for (int round = 1; rc == 0 && round < ROUNDS && (n = unsettled(s, which, n)) > 0; round++) {
        struct again again = {run, which};
        rc = ra_parallel_io(run->threads, n, look_again, &again, err);
        if (rc == 0)
            rc = read_repos(run, which, n, err);
    }
    n = unsettled(s, which, n);
    for (size_t i = 0; i < n; i++)
        give_up(run, &s->repos.at[which[i]]);
    return rc;
}

/* --- all of it ---------------------------------------------------------------------------------------------- */

/* What was listed and will not be asked for again would only take memory. */
static void forget(const struct ra_survey_run *run, const char *prefix)
{
    if (run->listed)
        ra_snapshot_forget(run->job->store, prefix);
}

static int read_all(struct ra_survey_run *run, struct ra_err *err)
{
    int rc = 0;
    if (ra_survey_inventory(run) && !run->listed)
        rc = ra_survey_blobs(run, err);
    forget(run, RA_BLOBS);
    if (rc == 0)
        rc = ra_survey_find_repos(run, err);
    if (rc < 0)
        return rc;
    gather_repos(run);
    if (ra_survey_wants(run, RA_SURVEY_NAMES))
        return 0;
    rc = read_until_settled(run, err);
    gather_links(run);
    ra_survey_forget_passed(run);
    forget(run, RA_V2);
    if (rc == 0 && ra_survey_wants(run, RA_SURVEY_MANIFESTS))
        rc = ra_survey_manifests(run, err);
    return rc;
}

/* Where a flat listing is as cheap as that of a folder, one of all serves every question about folders. */
static int read_listed(struct ra_survey_run *run, struct ra_err *err)
{
    const struct ra_job *job = run->job;
    RA_AUTO_PTR(ra_store) snapshot = NULL;
    struct ra_flatlist_opts list = {.prefix = ra_survey_inventory(run) ? RA_V2 : RA_REPOSITORIES,
                                    .threads = ra_job_io_threads(job),
                                    .progress = job->progress,
                                    .keep = ra_survey_keep,
                                    .arg = run};
    ra_progress_phase(job->progress, "listing", 0, 0);
    int rc = ra_snapshot_open(job->store, &list, &snapshot, err);
    if (rc < 0)
        return rc;
    struct ra_job from_memory = *job;
    from_memory.store = snapshot;
    run->job = &from_memory;
    rc = read_all(run, err);
    run->job = job;
    return rc;
}

int ra_survey_read(const struct ra_job *job, const struct ra_survey_opts *opts, struct ra_survey *out,
                   struct ra_err *err)
{
    struct ra_survey_run run = {.job = job,
                                .opts = opts,
                                .out = out,
                                .threads = ra_job_cold_threads(job),
                                .listed = ra_store_info(job->store)->caps & RA_CAP_LIST_FLAT,
                                .passed.lock = PTHREAD_MUTEX_INITIALIZER};
    *out = (struct ra_survey){.blobs = ra_blobs_new(), .complete = true, .n_arenas = run.threads};
    out->arenas = ra_calloc(run.threads, sizeof(*out->arenas));
    run.workers = ra_calloc(run.threads, sizeof(*run.workers));
    for (unsigned i = 0; i < run.threads; i++)
        run.workers[i].arena = &out->arenas[i];
    int rc = run.listed ? read_listed(&run, err) : read_all(&run, err);
    end_step(&run, rc);
    ra_survey_forget_passed(&run);
    free(run.workers);
    ra_blobs_freeze(out->blobs);
    if (rc < 0)
        ra_survey_release(out);
    return rc;
}

void ra_survey_release(struct ra_survey *s)
{
    for (size_t i = 0; i < s->n_arenas; i++)
        ra_arena_release(&s->arenas[i]);
    free(s->arenas);
    free(s->manifests.at);
    free(s->manifests.ids);
    ra_vec_release(&s->repos);
    ra_vec_release(&s->links);
    ra_blobs_free(s->blobs);
    *s = (struct ra_survey){0};
}

/* --- questions ---------------------------------------------------------------------------------------------- */

struct ra_survey_repo *ra_survey_find(const struct ra_survey *s, const char *repo)
{
    struct ra_survey_repo wanted = {.name = repo};
    return s->repos.n ? bsearch(&wanted, s->repos.at, s->repos.n, sizeof(wanted), compare_repos) : NULL;
}

const struct ra_survey_manifest *ra_survey_manifest(const struct ra_survey *s, uint32_t blob)
{
    size_t low = 0, high = s->manifests.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->manifests.ids[middle] < blob)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->manifests.n && s->manifests.ids[low] == blob ? s->manifests.at[low] : NULL;
}

const uint32_t *ra_survey_refs(const struct ra_survey_manifest *m, enum ra_ref_role role, size_t *n)
{
    const uint32_t *at = m->refs;
    for (int r = 0; r < (int)role; r++)
        at += m->count[r];
    *n = m->count[role];
    return at;
}

const struct ra_survey_rev *ra_survey_rev(const struct ra_survey *s, const struct ra_survey_repo *repo,
                                          uint32_t blob)
{
    struct ra_digest wanted, there;
    size_t low = 0, high = repo->n_revs;
    if (high == 0)
        return NULL;
    ra_blobs_digest(s->blobs, blob, &wanted);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        ra_blobs_digest(s->blobs, repo->revs[middle].blob, &there);
        int order = ra_digest_cmp(&there, &wanted);
        if (order == 0)
            return &repo->revs[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
