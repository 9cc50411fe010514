#include "jobs/rm_parts.h"

#include "base/num.h"
#include "jobs/gc.h"

/* --- what is lost ------------------------------------------------------------------------------------------- */

bool ra_rm_touches(const struct ra_rm *rm, size_t i)
{
    const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
    const struct ra_rm_repo *r = &rm->repos[i];
    bool any = r->whole;
    for (uint32_t k = 0; k < repo->n_tags; k++)
        any |= r->tags[k];
    for (uint32_t k = 0; k < repo->n_revs; k++)
        any |= r->revs[k];
    return any;
}

static void enter_doomed(struct ra_rm *rm, size_t i, struct ra_reach *reach)
{
    const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
    const struct ra_rm_repo *r = &rm->repos[i];
    ra_reach_begin(reach, repo);
    for (uint32_t k = 0; k < repo->n_tags; k++)
        ra_reach_enter(reach, r->tags[k] ? repo->tags[k].target : RA_NONE);
    for (uint32_t k = 0; k < repo->n_revs; k++)
        ra_reach_enter(reach, r->revs[k] ? repo->revs[k].blob : RA_NONE);
    for (uint32_t k = 0; k < repo->n_layers; k++)
        ra_reach_touch(reach, r->whole ? repo->layers[k] : RA_NONE);
    ra_vec_each (id, ra_reach_ids(reach))
        ra_blobs_set(rm->survey.blobs, *id, RA_MARK_LOST);
}

/* Lets the survey say what will be there: without what goes. */
static void take_away(struct ra_rm *rm, size_t i)
{
    struct ra_survey_repo *repo = &rm->survey.repos.at[i];
    const struct ra_rm_repo *r = &rm->repos[i];
    for (uint32_t k = 0; k < repo->n_tags; k++) {
        r->targets[k] = repo->tags[k].target;
        if (r->tags[k]) {
            repo->tags[k].target = RA_NONE;
            repo->tags[k].flags = RA_TAG_NO_LINK;
            repo->tags[k].n_history = 0;
        }
    }
    for (uint32_t k = 0; k < repo->n_revs; k++)
        if (r->revs[k])
            repo->revs[k].flags |= RA_REV_NO_LINK;
}

/* Layer links that only removed revisions needed. Nothing is known of links in a repository that cannot be read. */
static void doom_layers(struct ra_rm *rm, size_t i, struct ra_reach *reach)
{
    struct ra_survey_repo *repo = &rm->survey.repos.at[i];
    struct ra_rm_repo *r = &rm->repos[i];
    ra_reach_begin(reach, repo);
    for (uint32_t k = 0; k < repo->n_tags; k++)
        ra_reach_enter(reach, repo->tags[k].target);
    for (uint32_t k = 0; k < repo->n_revs; k++)
        ra_reach_enter(reach, repo->revs[k].flags & RA_REV_NO_LINK ? RA_NONE : repo->revs[k].blob);
    for (uint32_t k = 0; k < repo->n_layers; k++) {
        bool lost = ra_blobs_flags(rm->survey.blobs, repo->layers[k]) & RA_MARK_LOST;
        r->layers[k] |= lost && !ra_reach_has(reach, repo->layers[k]) && !(repo->flags & RA_REPO_PROTECT);
        rm->result.layer_links += r->layers[k];
    }
}

/* --- the result --------------------------------------------------------------------------------------------- */

static void add_item(struct ra_rm *rm, const bool *goes, const char *repo, const char *tag, uint32_t blob)
{
    struct ra_rm_item *item = ra_vec_push(&rm->result.items);
    *ra_vec_push(&rm->goes) = goes;
    *item = (struct ra_rm_item){.repository = repo, .tag = tag, .has_digest = blob != RA_NONE};
    if (item->has_digest)
        ra_blobs_digest(rm->survey.blobs, blob, &item->digest);
}

static void add_items(struct ra_rm *rm, size_t i)
{
    const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
    const struct ra_rm_repo *r = &rm->repos[i];
    if (r->whole)
        add_item(rm, &r->whole, repo->name, NULL, RA_NONE);
    for (uint32_t k = 0; k < repo->n_tags; k++)
        if (r->tags[k] && !(repo->tags[k].flags & RA_TAG_NO_LINK))
            add_item(rm, &r->tags[k], repo->name, repo->tags[k].name, repo->tags[k].target);
    for (uint32_t k = 0; k < repo->n_revs; k++)
        if (r->revs[k] && !r->whole)
            add_item(rm, &r->revs[k], repo->name, NULL, repo->revs[k].blob);
}

static void add_bytes(struct ra_rm *rm, unsigned part)
{
    struct ra_blobs *blobs = rm->survey.blobs;
    size_t n;
    ra_auto_free uint32_t *ids = ra_blobs_part(blobs, part, RA_MARK_LOST, RA_MARK_TAGGED, &n);
    for (size_t i = 0; i < n; i++) {
        uint64_t size = ra_blobs_size(blobs, ids[i]);
        rm->result.untagged_bytes = ra_add_sat(rm->result.untagged_bytes, size);
        if (!(ra_blobs_flags(blobs, ids[i]) & RA_MARK_KEPT))
            rm->result.bytes = ra_add_sat(rm->result.bytes, size);
    }
}

/* By the age of manifests and of their links: nothing else would have to be looked at. */
static bool is_young(const struct ra_rm *rm)
{
    struct ra_blobs *blobs = rm->survey.blobs;
    bool young = false;
    for (size_t i = 0; i < rm->survey.repos.n; i++) {
        const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
        for (uint32_t k = 0; rm->repos[i].touched && k < repo->n_revs; k++) {
            unsigned flags = ra_blobs_flags(blobs, repo->revs[k].blob);
            bool link = repo->revs[k].flags & RA_REV_YOUNG && !rm->repos[i].revs[k];
            young |= flags & RA_MARK_LOST && !(flags & RA_MARK_TAGGED) && (link || flags & RA_BLOB_YOUNG);
        }
    }
    return young;
}

/* An empty listing may be a mistake; an empty folder of repositories says that there are none. */
static bool is_stranded(const struct ra_rm *rm)
{
    if (ra_store_info(rm->job->store)->caps & RA_CAP_FOLDERS)
        return false;
    for (size_t i = 0; i < rm->survey.repos.n; i++)
        if (!rm->repos[i].whole)
            return false;
    return true;
}

/* What a collection would find if it came now, with every link old enough. */
static int count_bytes(struct ra_rm *rm, const struct ra_job *job, struct ra_err *err)
{
    RA_MARK_AUTO mark = {0};
    struct ra_mark_opts opts = {.cutoff = INT64_MAX};
    int rc = ra_mark_run(job, &rm->survey, &opts, &mark, err);
    for (unsigned part = 0; rc == 0 && part < RA_BLOBS_PARTS; part++)
        add_bytes(rm, part);
    rm->result.stranded = rm->result.untagged_bytes && is_stranded(rm);
    rm->result.young = rm->result.untagged_bytes && is_young(rm);
    return rc;
}

/* --- the plan ----------------------------------------------------------------------------------------------- */

static void make_room(struct ra_rm *rm)
{
    rm->repos = ra_calloc(rm->survey.repos.n + 1, sizeof(*rm->repos));
    for (size_t i = 0; i < rm->survey.repos.n; i++) {
        const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
        rm->repos[i].tags = ra_calloc(repo->n_tags + 1, sizeof(bool));
        rm->repos[i].revs = ra_calloc(repo->n_revs + 1, sizeof(bool));
        rm->repos[i].layers = ra_calloc(repo->n_layers + 1, sizeof(bool));
        rm->repos[i].targets = ra_calloc(repo->n_tags + 1, sizeof(uint32_t));
    }
}

static void carry_out_in_mind(struct ra_rm *rm)
{
    RA_AUTO_PTR(ra_reach) reach = ra_reach_new(&rm->survey);
    for (size_t i = 0; i < rm->survey.repos.n; i++) {
        rm->repos[i].touched = ra_rm_touches(rm, i);
        rm->repos[i].unsure = rm->survey.repos.at[i].flags & RA_REPO_PROTECT;
        if (!rm->repos[i].touched)
            continue;
        add_items(rm, i);
        enter_doomed(rm, i, reach);
        take_away(rm, i);
        doom_layers(rm, i, reach);
    }
    for (size_t i = 0; i < rm->survey.repos.n; i++)
        if (rm->repos[i].whole)
            rm->survey.repos.at[i].flags &= ~(unsigned)RA_REPO_PROTECT;
}

static int make_plan(struct ra_rm *rm, const struct ra_job *job, struct ra_err *err)
{
    struct ra_survey_opts survey = {.want = RA_RM_SURVEY};
    int rc = ra_store_now(job->store, &rm->now, err);
    survey.cutoff = rm->now - RA_GC_MIN_AGE;
    rc = rc ? rc : ra_survey_read(job, &survey, &rm->survey, err);
    if (rc < 0)
        return rc;
    make_room(rm);
    rc = ra_rm_select(rm, err);
    rc = rc ? rc : ra_rm_retain(rm, err);
    rc = rc ? rc : ra_rm_settle(rm, err);
    rc = rc ? rc : ra_rm_refuse_links(rm, err);
    if (rc < 0)
        return rc;
    carry_out_in_mind(rm);
    return rm->result.items.n ? count_bytes(rm, job, err) : 0;
}

static bool touches_name(const struct ra_rm *rm, const char *name)
{
    for (size_t i = 0; i < rm->survey.repos.n; i++)
        if (rm->repos[i].touched && ra_streq(rm->survey.repos.at[i].name, name))
            return true;
    return false;
}

/* What is wrong elsewhere in the storage is not this job's to tell; nor is a name, to who just gave it. That no blob is
 * there concerns everybody. */
static void tell_findings(const struct ra_rm *rm, const struct ra_findings *found)
{
    ra_vec_each (f, &found->list) {
        bool all = ra_streq(f->code, "no-blobs");
        bool ours = f->repository && touches_name(rm, f->repository) && !ra_streq(f->code, "illegal-name");
        if (all || ours)
            ra_find(rm->job->findings, all ? f->severity : RA_NOTE, f->code,
                    &(struct ra_place){.path = f->path, .repository = f->repository, .tag = f->tag}, "%s",
                    f->message);
    }
}

int ra_rm_plan(const struct ra_job *job, const struct ra_rm_opts *opts, struct ra_rm **out,
               struct ra_err *err)
{
    RA_AUTO_PTR(ra_rm) rm = ra_new(struct ra_rm);
    struct ra_findings found = RA_FINDINGS_INIT;
    struct ra_job quiet = *job;
    quiet.findings = &found;
    rm->job = job;
    rm->opts = opts;
    int rc = make_plan(rm, &quiet, err);
    if (rc == 0) {
        tell_findings(rm, &found);
        *out = ra_steal_ptr(&rm);
    }
    ra_findings_release(&found);
    return rc;
}

const struct ra_rm_result *ra_rm_result(const struct ra_rm *rm)
{
    return &rm->result;
}

void ra_rm_free(struct ra_rm *rm)
{
    if (!rm)
        return;
    for (size_t i = 0; rm->repos && i < rm->survey.repos.n; i++) {
        free(rm->repos[i].tags);
        free(rm->repos[i].revs);
        free(rm->repos[i].layers);
        free(rm->repos[i].targets);
    }
    free(rm->repos);
    ra_vec_release(&rm->result.items);
    ra_vec_release(&rm->goes);
    ra_survey_release(&rm->survey);
    free(rm);
}
