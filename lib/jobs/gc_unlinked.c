#include "jobs/gc_parts.h"

/*
 * A platform whose revision link is not there counts as deleted, since that is how the registry deletes it; but a file
 * system that lost a folder leaves the same behind. So it is said when something of it goes.
 */

struct search {
    struct ra_gc *gc;
    size_t place; /* of the repository */
    const struct ra_survey_repo *repo;
    const struct ra_survey_tag *tag;
    struct ra_reach *reach;
    RA_VEC(uint32_t) dropped; /* what the layer links name that go from the repository, by number */
};

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

static void collect_dropped(struct search *s)
{
    ra_vec_each (place, &s->gc->mark.repos[s->place].layers)
        *ra_vec_push(&s->dropped) = s->repo->layers[*place];
    if (s->dropped.n)
        qsort(s->dropped.at, s->dropped.n, sizeof(*s->dropped.at), by_number);
}

static bool is_dropped(const struct search *s, uint32_t blob)
{
    return s->dropped.n && bsearch(&blob, s->dropped.at, s->dropped.n, sizeof(blob), by_number);
}

static bool loses_anything(const struct search *s, const struct ra_survey_manifest *m)
{
    for (int role = 0; role < RA_ROLES; role++) {
        size_t n;
        const uint32_t *refs = ra_survey_refs(m, (enum ra_ref_role)role, &n);
        for (size_t i = 0; role != RA_REF_SUBJECT && i < n; i++)
            if (ra_blobs_flags(s->gc->survey.blobs, refs[i]) & RA_MARK_DOOMED || is_dropped(s, refs[i]))
                return true;
    }
    return false;
}

static void tell(const struct search *s, uint32_t index, uint32_t child)
{
    struct ra_digest named, naming;
    char named_text[RA_DIGEST_TEXT], naming_text[RA_DIGEST_TEXT];
    struct ra_key key;
    ra_blobs_digest(s->gc->survey.blobs, index, &naming);
    ra_blobs_digest(s->gc->survey.blobs, child, &named);
    struct ra_place at = {.path = ra_key_revision(&key, s->repo->name, &named),
                          .repository = s->repo->name,
                          .tag = s->tag->name,
                          .digest = &named};
    ra_find(s->gc->job->findings, RA_NOTE, "missing-revision-link", &at,
            "the index %s names the manifest %s, which is there but has no revision link, as if it had been "
            "deleted: what only it needs is not kept, unless `regadm fsck --repair` restores the link first",
            ra_digest_text(&naming, naming_text), ra_digest_text(&named, named_text));
}

static void look_at_index(const struct search *s, uint32_t index)
{
    const struct ra_survey *survey = &s->gc->survey;
    const struct ra_survey_manifest *m = ra_survey_manifest(survey, index);
    size_t n = 0;
    const uint32_t *child = m ? ra_survey_refs(m, RA_REF_CHILD, &n) : NULL;
    for (size_t i = 0; i < n; i++) {
        const struct ra_survey_rev *rev = ra_survey_rev(survey, s->repo, child[i]);
        bool twin = i > 0 && child[i] == child[i - 1];
        if (twin || (rev && !(rev->flags & RA_REV_NO_LINK)))
            continue;
        const struct ra_survey_manifest *of_child = ra_survey_manifest(survey, child[i]);
        if (of_child && of_child->state != RA_STATE_MISSING && loses_anything(s, of_child))
            tell(s, index, child[i]);
    }
}

static bool is_index(const struct ra_survey *s, uint32_t id)
{
    const struct ra_survey_manifest *m = id == RA_NONE ? NULL : ra_survey_manifest(s, id);
    return m && m->count[RA_REF_CHILD] > 0;
}

/* What two tags lead to is told of the first. */
static void look_at_repo(struct search *s)
{
    size_t seen = 0;
    bool begun = false;
    for (uint32_t t = 0; t < s->repo->n_tags; t++) {
        s->tag = &s->repo->tags[t];
        if (!is_index(&s->gc->survey, s->tag->target))
            continue;
        if (!begun) {
            ra_reach_begin(s->reach, s->repo);
            collect_dropped(s);
        }
        begun = true;
        ra_reach_enter(s->reach, s->tag->target);
        const struct ra_ids *ids = ra_reach_ids(s->reach);
        for (; seen < ids->n; seen++)
            look_at_index(s, ids->at[seen]);
    }
}

void ra_gc_tell_unlinked(struct ra_gc *gc)
{
    RA_AUTO_PTR(ra_reach) reach = ra_reach_new(&gc->survey);
    for (size_t i = 0; i < gc->survey.repos.n; i++) {
        struct search s = {.gc = gc, .place = i, .repo = &gc->survey.repos.at[i], .reach = reach};
        look_at_repo(&s);
        ra_vec_release(&s.dropped);
    }
}
