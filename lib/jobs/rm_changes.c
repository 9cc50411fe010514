#include "jobs/rm_parts.h"

/*
 * A plan grows stale while its question waits, and while it is carried out: so what it is about to remove is looked at
 * again, and whatever came since is held against it. The survey of the plan knows, after taking away in mind, what was
 * there and was to stay; all else that is there now, and is not just about to go, is new or could not be removed. What
 * that leads to must not go. One such need, and nothing more goes from its repository: what belongs together, as an
 * image and its signature, stays together.
 */

struct look { /* at one repository */
    struct ra_rm *rm;
    enum ra_rm_step step; /* that comes now */
    size_t place;
    const struct ra_survey *now;
    const struct ra_survey_repo *is;
    struct ra_reach *needed; /* by what is new */
    bool grown;              /* something is new */
};

static const struct ra_survey_repo *repo_was(const struct look *l)
{
    return &l->rm->survey.repos.at[l->place];
}

static struct ra_rm_repo *plan_of(const struct look *l)
{
    return &l->rm->repos[l->place];
}

/* The number that a digest of the plan's table has in the table of now; RA_NONE when it is not there. */
static uint32_t number_now(const struct look *l, uint32_t was)
{
    struct ra_digest d;
    if (was == RA_NONE)
        return RA_NONE;
    ra_blobs_digest(l->rm->survey.blobs, was, &d);
    return ra_blobs_find(l->now->blobs, &d);
}

static int compare(const struct look *l, uint32_t was, uint32_t is)
{
    struct ra_digest before, after;
    ra_blobs_digest(l->rm->survey.blobs, was, &before);
    ra_blobs_digest(l->now->blobs, is, &after);
    return ra_digest_cmp(&before, &after);
}

/* --- sparing ------------------------------------------------------------------------------------------------ */

static void spare_tag(const struct look *l, uint32_t k)
{
    const char *repo = repo_was(l)->name, *tag = repo_was(l)->tags[k].name;
    if (!plan_of(l)->tags[k])
        return;
    plan_of(l)->tags[k] = false;
    ra_find(l->rm->job->findings, RA_WARNING, "changed", &(struct ra_place){.repository = repo, .tag = tag},
            "the tag was written since it was looked at, and stays");
}

static void spare_repo(const struct look *l, const char *why)
{
    const struct ra_survey_repo *was = repo_was(l);
    struct ra_rm_repo *r = plan_of(l);
    r->touched = r->whole = false;
    for (uint32_t k = 0; k < was->n_tags && l->step == RA_RM_TAGS; k++)
        r->tags[k] = false;
    for (uint32_t k = 0; k < was->n_revs && l->step <= RA_RM_REVISIONS; k++)
        r->revs[k] = false;
    memset(r->layers, 0, was->n_layers * sizeof(*r->layers));
    ra_find(l->rm->job->findings, RA_WARNING, "changed", &(struct ra_place){.repository = was->name},
            "%s: what had not gone from it yet stays", why);
}

/* --- what is new -------------------------------------------------------------------------------------------- */

static void need(struct look *l, uint32_t manifest)
{
    ra_reach_enter(l->needed, manifest);
    l->grown = true;
}

static void look_at_tags(struct look *l)
{
    const struct ra_survey_repo *was = repo_was(l);
    const struct ra_rm_repo *r = plan_of(l);
    uint32_t w = 0;
    for (uint32_t k = 0; k < l->is->n_tags; k++) {
        const struct ra_survey_tag *tag = &l->is->tags[k];
        while (w < was->n_tags && strcmp(was->tags[w].name, tag->name) < 0)
            w++;
        bool known = w < was->n_tags && ra_streq(was->tags[w].name, tag->name);
        bool same = known && was->tags[w].mtime == tag->mtime && number_now(l, r->targets[w]) == tag->target;
        bool goes = known && r->tags[w] && l->step == RA_RM_TAGS;
        bool stays = known && !(was->tags[w].flags & RA_TAG_NO_LINK);
        if (same && (goes || stays))
            continue;
        if (known)
            spare_tag(l, w);
        need(l, tag->target);
    }
}

/* What it refers to in any role: nothing new may be left to speak of what has gone. */
static void need_revision(struct look *l, uint32_t blob)
{
    const struct ra_survey_manifest *m = ra_survey_manifest(l->now, blob);
    need(l, blob);
    for (size_t i = 0; m && i < ra_survey_ref_count(m); i++)
        ra_reach_touch(l->needed, m->refs[i]);
}

static void look_at_revisions(struct look *l)
{
    const struct ra_survey_repo *was = repo_was(l);
    uint32_t w = 0;
    for (uint32_t k = 0; k < l->is->n_revs; k++) {
        const struct ra_survey_rev *rev = &l->is->revs[k];
        if (rev->flags & RA_REV_NO_LINK)
            continue;
        while (w < was->n_revs && compare(l, was->revs[w].blob, rev->blob) < 0)
            w++;
        bool known = w < was->n_revs && compare(l, was->revs[w].blob, rev->blob) == 0;
        bool goes = known && plan_of(l)->revs[w] && l->step <= RA_RM_REVISIONS;
        bool stays = known && !(was->revs[w].flags & RA_REV_NO_LINK);
        if (!goes && !stays)
            need_revision(l, rev->blob);
    }
}

static bool has_new_layers(const struct look *l)
{
    const struct ra_survey_repo *was = repo_was(l);
    uint32_t w = 0;
    for (uint32_t k = 0; k < l->is->n_layers; k++) {
        while (w < was->n_layers && compare(l, was->layers[w], l->is->layers[k]) < 0)
            w++;
        if (w == was->n_layers || compare(l, was->layers[w], l->is->layers[k]) != 0)
            return true;
    }
    return false;
}

/* --- what it forbids ---------------------------------------------------------------------------------------- */

static bool is_needed(const struct look *l, uint32_t was)
{
    uint32_t id = number_now(l, was);
    return id != RA_NONE && ra_reach_has(l->needed, id);
}

static bool goes_beyond_tags(const struct look *l)
{
    const struct ra_survey_repo *was = repo_was(l);
    const struct ra_rm_repo *r = plan_of(l);
    bool any = r->whole;
    for (uint32_t k = 0; k < was->n_revs; k++)
        any |= r->revs[k];
    for (uint32_t k = 0; k < was->n_layers; k++)
        any |= r->layers[k];
    return any;
}

static bool needs_doomed(const struct look *l)
{
    const struct ra_survey_repo *was = repo_was(l);
    const struct ra_rm_repo *r = plan_of(l);
    bool any = false;
    for (uint32_t k = 0; k < was->n_revs && l->step <= RA_RM_REVISIONS; k++)
        any |= r->revs[k] && is_needed(l, was->revs[k].blob);
    for (uint32_t k = 0; k < was->n_layers; k++)
        any |= r->layers[k] && is_needed(l, was->layers[k]);
    return any;
}

static void judge(struct look *l)
{
    look_at_tags(l);
    look_at_revisions(l);
    if (!goes_beyond_tags(l))
        return;
    if (l->is->flags & RA_REPO_PROTECT && !plan_of(l)->unsure)
        spare_repo(l, "something in it cannot be read any more");
    else if (plan_of(l)->whole && (l->grown || has_new_layers(l)))
        spare_repo(l, "it was pushed to since it was looked at, or not all could be removed");
    else if (needs_doomed(l))
        spare_repo(l, "what was to go from it is needed by now, or not all could be removed");
}

static bool is_touched(void *arg, const char *name)
{
    const struct ra_rm *rm = arg;
    const struct ra_survey_repo *repo = ra_survey_find(&rm->survey, name);
    return repo && rm->repos[repo - rm->survey.repos.at].touched;
}

static void judge_all(struct ra_rm *rm, enum ra_rm_step step, const struct ra_survey *now)
{
    RA_AUTO_PTR(ra_reach) needed = ra_reach_new(now);
    for (size_t i = 0; i < rm->survey.repos.n; i++) {
        struct look l = {.rm = rm, .step = step, .place = i, .now = now, .needed = needed};
        if (!rm->repos[i].touched)
            continue;
        l.is = ra_survey_find(now, rm->survey.repos.at[i].name);
        if (l.is) {
            ra_reach_begin(needed, l.is);
            judge(&l);
        } else if (!now->complete) {
            spare_repo(&l, "it cannot be found any more");
        }
    }
}

/* What is wrong was told with the plan. */
int ra_rm_notice_changes(struct ra_rm *rm, enum ra_rm_step step, struct ra_err *err)
{
    struct ra_findings unheard = RA_FINDINGS_INIT;
    struct ra_job job = *rm->job;
    struct ra_survey_opts opts = {.want = RA_RM_SURVEY, .wanted = is_touched, .arg = rm};
    RA_SURVEY_AUTO now = {0};
    job.findings = &unheard;
    int rc = ra_survey_read(&job, &opts, &now, err);
    if (rc == 0)
        judge_all(rm, step, &now);
    ra_findings_release(&unheard);
    return rc;
}
