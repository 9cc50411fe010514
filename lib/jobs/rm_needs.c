#include "jobs/rm_parts.h"

#include "registry/reference.h"

struct settling { /* of one repository */
    struct ra_rm *rm;
    const struct ra_survey_repo *repo;
    struct ra_rm_repo *out;
};

/* Where a revision is in its repository; RA_NONE: it is none. */
static uint32_t place_of(const struct settling *s, uint32_t blob)
{
    const struct ra_survey_rev *rev = ra_survey_rev(&s->rm->survey, s->repo, blob);
    return rev && !(rev->flags & RA_REV_NO_LINK) ? (uint32_t)(rev - s->repo->revs) : RA_NONE;
}

static bool is_doomed(const struct settling *s, uint32_t blob)
{
    uint32_t place = place_of(s, blob);
    return place != RA_NONE && s->out->revs[place];
}

/* Calls fn for every doomed revision that a kept one refers to, in whatever role. */
static void each_need(const struct settling *s, void (*fn)(void *arg, uint32_t user, uint32_t doomed),
                      void *arg)
{
    for (uint32_t k = 0; k < s->repo->n_revs; k++) {
        const struct ra_survey_manifest *m = ra_survey_manifest(&s->rm->survey, s->repo->revs[k].blob);
        if (!m || s->out->revs[k] || s->repo->revs[k].flags & RA_REV_NO_LINK)
            continue;
        for (size_t i = 0; i < ra_survey_ref_count(m); i++)
            if (is_doomed(s, m->refs[i]))
                fn(arg, k, place_of(s, m->refs[i]));
    }
}

/* --- what goes along ---------------------------------------------------------------------------------------- */

static bool doom_revision(struct settling *s, uint32_t blob)
{
    uint32_t place = place_of(s, blob);
    if (place == RA_NONE || s->out->revs[place])
        return false;
    return s->out->revs[place] = true;
}

static bool is_tagged_otherwise(const struct settling *s, uint32_t blob, const struct ra_survey_tag *than)
{
    for (uint32_t k = 0; k < s->repo->n_tags; k++)
        if (&s->repo->tags[k] != than && s->repo->tags[k].target == blob && !s->out->tags[k])
            return true;
    return false;
}

/* Tags on a removed manifest, and tags that stand for its digest with what they point to. */
static bool take_tags(struct settling *s)
{
    bool more = false;
    for (uint32_t k = 0; k < s->repo->n_tags; k++) {
        const struct ra_survey_tag *tag = &s->repo->tags[k];
        struct ra_digest subject;
        if (tag->target != RA_NONE && is_doomed(s, tag->target))
            s->out->tags[k] = true;
        if (s->rm->opts->keep_referrers || !ra_tag_is_digest_like(tag->name, &subject))
            continue;
        uint32_t id = ra_blobs_find(s->rm->survey.blobs, &subject);
        if (id == RA_NONE || !is_doomed(s, id))
            continue;
        s->out->tags[k] = true;
        if (tag->target != RA_NONE && !is_tagged_otherwise(s, tag->target, tag))
            more |= doom_revision(s, tag->target);
    }
    return more;
}

static bool take_referrers(struct settling *s)
{
    bool more = false;
    for (uint32_t k = 0; !s->rm->opts->keep_referrers && k < s->repo->n_revs; k++) {
        const struct ra_survey_manifest *m = ra_survey_manifest(&s->rm->survey, s->repo->revs[k].blob);
        size_t n = 0;
        const uint32_t *subject = m ? ra_survey_refs(m, RA_REF_SUBJECT, &n) : NULL;
        for (size_t i = 0; i < n; i++)
            if (is_doomed(s, subject[i]))
                more |= doom_revision(s, m->blob);
    }
    return more;
}

/* --- what forbids it ---------------------------------------------------------------------------------------- */

/* Its digest, since a tag that goes leaves it there; and its tags, since people know them. */
static void add_name(const struct settling *s, uint32_t rev, struct ra_buf *out)
{
    struct ra_digest d;
    char text[RA_DIGEST_TEXT];
    const char *before = " (tagged ";
    ra_blobs_digest(s->rm->survey.blobs, s->repo->revs[rev].blob, &d);
    ra_buf_addf(out, "%s%s@%s", out->len ? ", " : "", s->repo->name, ra_digest_text(&d, text));
    for (uint32_t k = 0; k < s->repo->n_tags; k++) {
        if (s->repo->tags[k].target != s->repo->revs[rev].blob || s->repo->tags[k].flags & RA_TAG_NO_LINK)
            continue;
        ra_buf_addf(out, "%s%s", before, s->repo->tags[k].name);
        before = ", ";
    }
    ra_buf_adds(out, *before == ',' ? ")" : "");
}

struct need {
    const struct settling *settling;
    uint32_t doomed; /* the first one that is needed */
    struct ra_buf users;
};

static void note_first(void *arg, uint32_t user RA_UNUSED, uint32_t doomed)
{
    struct need *need = arg;
    need->doomed = doomed < need->doomed ? doomed : need->doomed;
}

static void note_user(void *arg, uint32_t user, uint32_t doomed)
{
    struct need *need = arg;
    if (doomed == need->doomed)
        add_name(need->settling, user, &need->users);
}

static int refuse_needed(const struct settling *s, struct ra_err *err)
{
    struct need need = {.settling = s, .doomed = RA_NONE};
    struct ra_digest d;
    char text[RA_DIGEST_TEXT];
    each_need(s, note_first, &need);
    if (need.doomed == RA_NONE)
        return 0;
    each_need(s, note_user, &need);
    ra_blobs_digest(s->rm->survey.blobs, s->repo->revs[need.doomed].blob, &d);
    int rc = ra_fail(err, RA_DENIED, "'%s@%s' is needed by %s", s->repo->name, ra_digest_text(&d, text),
                     ra_buf_str(&need.users));
    ra_buf_release(&need.users);
    return ra_hint(err, rc, "remove those first, or use --force");
}

static int check_needs(const struct settling *s, struct ra_err *err)
{
    if (s->rm->opts->force || s->out->whole)
        return 0;
    if (s->repo->flags & RA_REPO_PROTECT)
        return ra_hint(err,
                       ra_fail(err, RA_DENIED, "cannot tell what needs it: something in '%s' cannot be read",
                               s->repo->name),
                       "`regadm fsck` says more; --force removes it all the same");
    return refuse_needed(s, err);
}

static bool any_revision(const struct settling *s)
{
    for (uint32_t k = 0; k < s->repo->n_revs; k++)
        if (s->out->revs[k])
            return true;
    return false;
}

int ra_rm_settle(struct ra_rm *rm, struct ra_err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < rm->survey.repos.n; i++) {
        struct settling s = {rm, &rm->survey.repos.at[i], &rm->repos[i]};
        if (!any_revision(&s))
            continue;
        bool more = true;
        while (more) {
            more = take_referrers(&s);
            more = take_tags(&s) || more;
        }
        rc = check_needs(&s, err);
    }
    return rc;
}
