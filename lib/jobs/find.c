#include "jobs/find.h"

#include "jobs/reach.h"
#include "registry/reference.h"

void ra_find_digest_release(struct ra_find_digest *f)
{
    ra_vec_release(&f->users);
    ra_vec_release(&f->linked);
    ra_survey_release(&f->survey);
    *f = (struct ra_find_digest){0};
}

/* --- from the text to one digest ----------------------------------------------------------- */

struct search {
    struct ra_survey *survey;
    const char *text;
    uint32_t found;
    size_t matches;
};

static void look_at(struct search *s, uint32_t id)
{
    struct ra_digest d;
    ra_blobs_digest(s->survey->blobs, id, &d);
    if (!ra_digest_has_prefix(&d, s->text))
        return;
    s->found = id;
    s->matches++;
}

static int resolve(struct search *s, struct ra_err *err)
{
    for (unsigned part = 0; part < RA_BLOBS_PARTS; part++) {
        size_t n;
        ra_auto_free uint32_t *ids = ra_blobs_part(s->survey->blobs, part, 0, 0, &n);
        for (size_t i = 0; i < n; i++)
            look_at(s, ids[i]);
    }
    if (s->matches == 0)
        return ra_fail(err, RA_NOTFOUND,
                       "nothing in this storage has or names a digest that begins with '%s'", s->text);
    if (s->matches > 1)
        return ra_hint(err,
                       ra_fail(err, RA_INVALID, "'%s' begins %zu different digests", s->text, s->matches),
                       "write more digits");
    return 0;
}

/* --- what it is ----------------------------------------------------------- */

static bool is_among(const struct ra_survey_manifest *m, enum ra_ref_role role, uint32_t id)
{
    size_t n;
    const uint32_t *refs = ra_survey_refs(m, role, &n);
    for (size_t i = 0; i < n; i++)
        if (refs[i] == id)
            return true;
    return false;
}

static const char *what_is(const struct ra_survey *s, uint32_t id)
{
    const struct ra_survey_manifest *own = ra_survey_manifest(s, id);
    if (own && own->state != RA_STATE_MISSING)
        return ra_manifest_kind_name((enum ra_manifest_kind)own->kind);
    for (size_t i = 0; i < s->manifests.n; i++) {
        if (is_among(s->manifests.at[i], RA_REF_LAYER, id) || is_among(s->manifests.at[i], RA_REF_BLOB, id))
            return "layer";
        if (is_among(s->manifests.at[i], RA_REF_CONFIG, id))
            return "config";
    }
    return "blob";
}

/* --- who needs it ----------------------------------------------------------- */

static void add_user(struct ra_find_digest *f, const struct ra_survey_repo *repo, const char *tag,
                     uint32_t manifest)
{
    struct ra_user *user = ra_vec_push(&f->users);
    user->repository = repo->name;
    user->tag = tag;
    ra_blobs_digest(f->survey.blobs, manifest, &user->digest);
}

static bool reaches(struct ra_reach *reach, const struct ra_survey_repo *repo, uint32_t from, uint32_t id)
{
    ra_reach_begin(reach, repo);
    ra_reach_enter(reach, from);
    return ra_reach_has(reach, id);
}

static void users_in(struct ra_find_digest *f, struct ra_reach *reach, const struct ra_survey_repo *repo,
                     uint32_t id)
{
    RA_AUTO_PTR(ra_reach) tagged = ra_reach_new(&f->survey);
    ra_reach_begin(tagged, repo);
    for (uint32_t i = 0; i < repo->n_tags; i++) {
        if (repo->tags[i].target == RA_NONE)
            continue;
        ra_reach_enter(tagged, repo->tags[i].target);
        if (reaches(reach, repo, repo->tags[i].target, id))
            add_user(f, repo, repo->tags[i].name, repo->tags[i].target);
    }
    for (uint32_t i = 0; i < repo->n_revs; i++) {
        const struct ra_survey_rev *rev = &repo->revs[i];
        bool counted = rev->flags & RA_REV_NO_LINK || ra_reach_has(tagged, rev->blob);
        if (!counted && reaches(reach, repo, rev->blob, id))
            add_user(f, repo, NULL, rev->blob);
    }
    for (uint32_t i = 0; i < repo->n_layers; i++)
        if (repo->layers[i] == id)
            *ra_vec_push(&f->linked) = repo->name;
}

int ra_find_by_digest(const struct ra_job *job, const char *text, struct ra_find_digest *out,
                      struct ra_err *err)
{
    struct ra_survey_opts want = {.want = RA_SURVEY_SIZES | RA_SURVEY_REVISIONS | RA_SURVEY_MANIFESTS |
                                          RA_SURVEY_LAYERS};
    *out = (struct ra_find_digest){0};
    if (!ra_digest_prefix_valid(text))
        return ra_fail(err, RA_USAGE,
                       "'%s' is no digest: write sha256:<hex>, or its first digits (6 at least)", text);
    int rc = ra_survey_read(job, &want, &out->survey, err);
    struct search search = {.survey = &out->survey, .text = text};
    if (rc == 0)
        rc = resolve(&search, err);
    if (rc < 0)
        return rc;
    ra_blobs_digest(out->survey.blobs, search.found, &out->digest);
    out->present = ra_blobs_flags(out->survey.blobs, search.found) & RA_BLOB_PRESENT;
    out->bytes = out->present ? ra_blobs_size(out->survey.blobs, search.found) : 0;
    out->what = what_is(&out->survey, search.found);
    RA_AUTO_PTR(ra_reach) reach = ra_reach_new(&out->survey);
    ra_vec_each (repo, &out->survey.repos)
        users_in(out, reach, repo, search.found);
    return ra_check_cancelled(err);
}
