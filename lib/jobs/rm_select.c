#include "jobs/rm_parts.h"

#include "base/regexp.h"
#include "registry/reference.h"

struct selection {
    struct ra_rm *rm;
    const char *text;
    struct ra_reference ref;
    struct ra_digest digest; /* when the reference has one */
    struct ra_regex regex;
    size_t repos, found; /* repositories that match, things in them */
};

static const struct ra_survey_repo *repo_of(const struct selection *s, size_t i)
{
    return &s->rm->survey.repos.at[i];
}

/* --- things in one repository ------------------------------------------------------------------------------- */

static bool is_tag(const struct ra_survey_tag *tag)
{
    return !(tag->flags & RA_TAG_NO_LINK);
}

/* Names that stand for digests belong to what they stand for: a pattern does not mean them unless it says so. */
static bool tag_matches(const struct selection *s, const char *tag)
{
    const char *pattern = s->ref.tag;
    if (pattern && !(ra_has_glob(pattern) ? ra_glob(pattern, tag) : ra_streq(pattern, tag)))
        return false;
    if (!ra_regex_matches(&s->regex, tag))
        return false;
    bool said = pattern && (!ra_has_glob(pattern) || ra_starts_with(pattern, "sha"));
    return said || !ra_tag_is_digest_like(tag, NULL);
}

static int select_tags(struct selection *s, size_t i, struct ra_err *err)
{
    const struct ra_survey_repo *repo = repo_of(s, i);
    for (uint32_t k = 0; k < repo->n_tags; k++) {
        struct ra_digest target = {0};
        if (!is_tag(&repo->tags[k]) || !tag_matches(s, repo->tags[k].name))
            continue;
        if (repo->tags[k].target != RA_NONE)
            ra_blobs_digest(s->rm->survey.blobs, repo->tags[k].target, &target);
        if (s->ref.digest && !ra_digest_eq(&target, &s->digest))
            return ra_fail(err, RA_INVALID, "the tag '%s:%s' points to something else than %s", repo->name,
                           repo->tags[k].name, s->ref.digest);
        s->rm->repos[i].tags[k] = true;
        s->found++;
    }
    return 0;
}

static void select_digest(struct selection *s, size_t i)
{
    const struct ra_survey_repo *repo = repo_of(s, i);
    uint32_t id = ra_blobs_find(s->rm->survey.blobs, &s->digest);
    for (uint32_t k = 0; id != RA_NONE && k < repo->n_revs; k++) {
        if (repo->revs[k].blob != id || repo->revs[k].flags & RA_REV_NO_LINK)
            continue;
        s->rm->repos[i].revs[k] = true;
        s->found++;
    }
}

static void select_whole(struct selection *s, size_t i)
{
    const struct ra_survey_repo *repo = repo_of(s, i);
    struct ra_rm_repo *r = &s->rm->repos[i];
    r->whole = true;
    s->found++;
    for (uint32_t k = 0; k < repo->n_tags; k++)
        r->tags[k] = true;
    for (uint32_t k = 0; k < repo->n_revs; k++)
        r->revs[k] = !(repo->revs[k].flags & RA_REV_NO_LINK);
    for (uint32_t k = 0; k < repo->n_layers; k++)
        r->layers[k] = true;
}

static bool is_young(const struct ra_rm *rm, const struct ra_survey_repo *repo,
                     const struct ra_survey_rev *rev)
{
    struct ra_key key;
    struct ra_digest d;
    struct ra_stat st;
    ra_blobs_digest(rm->survey.blobs, rev->blob, &d);
    int rc = ra_store_stat(rm->job->store, ra_key_revision(&key, repo->name, &d), &st, NULL);
    return rc < 0 || st.mtime > rm->now - rm->opts->min_age;
}

/* A pattern goes on with the others. */
static int spare_repo(const struct selection *s, const struct ra_survey_repo *repo, struct ra_err *err)
{
    static const char hint[] = "`regadm fsck` says what";
    if (!s->ref.pattern)
        return ra_hint(err,
                       ra_fail(err, RA_DENIED,
                               "cannot tell what is untagged in '%s': something in it cannot be read",
                               repo->name),
                       "%s", hint);
    ra_find(s->rm->job->findings, RA_ERROR, "unreadable", &(struct ra_place){.repository = repo->name},
            "what is untagged in it stays, as something in it cannot be read: %s", hint);
    return 0;
}

/* Its image is one of its history, or any. */
static bool has_bad_tag(const struct ra_survey_repo *repo)
{
    for (uint32_t k = 0; k < repo->n_tags; k++)
        if (repo->tags[k].flags & (RA_TAG_BAD_LINK | RA_TAG_UNREADABLE))
            return true;
    return false;
}

/* What is not understood may need any of them. */
static int select_untagged(struct selection *s, size_t i, struct ra_err *err)
{
    const struct ra_survey_repo *repo = repo_of(s, i);
    struct ra_rm *rm = s->rm;
    if (repo->flags & RA_REPO_PROTECT || has_bad_tag(repo))
        return spare_repo(s, repo, err);
    RA_AUTO_PTR(ra_reach) reach = ra_reach_new(&rm->survey);
    ra_reach_begin(reach, repo);
    for (uint32_t k = 0; k < repo->n_tags; k++)
        ra_reach_enter(reach, repo->tags[k].target);
    for (uint32_t k = 0; k < repo->n_revs; k++) {
        const struct ra_survey_rev *rev = &repo->revs[k];
        const struct ra_survey_manifest *m = ra_survey_manifest(&rm->survey, rev->blob);
        bool odd =
            rev->flags & (RA_REV_NO_LINK | RA_REV_BAD_LINK | RA_REV_OTHER) || (m && m->state == RA_STATE_ODD);
        rm->repos[i].revs[k] = !odd && !ra_reach_has(reach, rev->blob) && !is_young(rm, repo, rev);
    }
    s->found++;
    return 0;
}

static int select_in(struct selection *s, size_t i, struct ra_err *err)
{
    s->repos++;
    if (s->rm->opts->recursive)
        return select_whole(s, i), 0;
    if (s->rm->opts->untagged)
        return select_untagged(s, i, err);
    if (s->ref.digest && !s->ref.tag)
        return select_digest(s, i), 0;
    return select_tags(s, i, err);
}

/* --- references --------------------------------------------------------------------------------------------- */

static int select_matching(struct selection *s, const char *name, struct ra_err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->rm->survey.repos.n; i++)
        if (ra_has_glob(name) ? ra_glob(name, repo_of(s, i)->name) : ra_streq(name, repo_of(s, i)->name))
            rc = select_in(s, i, err);
    return rc;
}

/* A host is not stripped here: of two commands alike, the second would remove what the first had nothing to do with. */
static int no_repository(const struct selection *s, struct ra_err *err)
{
    const char *bare = ra_reference_strip_host(s->ref.repo);
    int rc = ra_fail(err, RA_NOTFOUND, "there is no repository '%s'", s->ref.repo);
    for (size_t i = 0; bare && i < s->rm->survey.repos.n; i++)
        if (ra_streq(bare, repo_of(s, i)->name))
            return ra_hint(err, rc, "if you mean '%s', leave the host out: rm takes names as they are", bare);
    return ra_hint(err, rc, "`regadm ls` shows those that are there");
}

static int nothing_found(const struct selection *s, struct ra_err *err)
{
    if (s->ref.pattern || s->regex.given)
        return 0;
    if (s->repos == 0)
        return no_repository(s, err);
    if (s->found == 0)
        return ra_hint(err, ra_fail(err, RA_NOTFOUND, "there is nothing called '%s'", s->text),
                       "`regadm tags %s` shows what is there", s->ref.repo);
    return 0;
}

static int check_shape(struct selection *s, struct ra_err *err)
{
    const struct ra_rm_opts *o = s->rm->opts;
    const struct ra_reference *ref = &s->ref;
    bool filtered = o->regex || o->by != RA_RM_BY_NONE;
    if ((o->recursive || o->untagged) && (ref->tag || ref->digest))
        return ra_hint(err, ra_fail(err, RA_USAGE, "'%s' is more than the name of a repository", s->text),
                       "without --%s it is removed by itself", o->recursive ? "recursive" : "untagged");
    if (!o->recursive && !o->untagged && !ref->tag && !ref->digest && !filtered)
        return ra_hint(err, ra_fail(err, RA_USAGE, "'%s' names a whole repository", s->text),
                       "use -r to remove it, or name a tag: %s:TAG", s->text);
    if (!ref->digest || ra_digest_parse(ref->digest, strlen(ref->digest), &s->digest))
        return 0;
    int rc = ra_fail(err, RA_USAGE, "'%s' is no whole digest", ref->digest);
    return ra_digest_prefix_valid(ref->digest) && !ref->pattern
               ? ra_hint(err, rc, "`regadm inspect -q %s@%s` prints the whole one", ref->repo, ref->digest)
               : rc;
}

static int select_reference(struct selection *s, struct ra_err *err)
{
    int rc = ra_reference_parse(s->text, &s->ref, err);
    rc = rc ? rc : check_shape(s, err);
    rc = rc ? rc : select_matching(s, s->ref.repo, err);
    return rc ? rc : nothing_found(s, err);
}

int ra_rm_select(struct ra_rm *rm, struct ra_err *err)
{
    struct selection s = {.rm = rm};
    int rc = ra_regex_compile(&s.regex, rm->opts->regex, err);
    for (size_t i = 0; rc == 0 && i < rm->opts->refs->n; i++) {
        s.text = rm->opts->refs->at[i];
        s.repos = s.found = 0;
        rc = select_reference(&s, err);
        ra_reference_release(&s.ref);
    }
    ra_regex_release(&s.regex);
    return rc;
}
