#include "jobs/reach.h"

struct referrer {
    uint32_t subject, manifest;
};

struct ra_reach {
    const struct ra_survey *survey;
    const struct ra_survey_repo *repo;
    uint64_t *reached, *entered; /* bitmaps over the table's indices */
    struct ra_ids ids, todo;
    RA_VEC(struct referrer) referrers; /* of the repository, sorted by subject */
};

struct ra_reach *ra_reach_new(const struct ra_survey *s)
{
    struct ra_reach *r = ra_new(struct ra_reach);
    size_t words = ra_blobs_count(s->blobs) / 64 + 1;
    r->survey = s;
    r->reached = ra_calloc(words, sizeof(*r->reached));
    r->entered = ra_calloc(words, sizeof(*r->entered));
    return r;
}

void ra_reach_free(struct ra_reach *r)
{
    if (!r)
        return;
    free(r->reached);
    free(r->entered);
    ra_vec_release(&r->ids);
    ra_vec_release(&r->todo);
    ra_vec_release(&r->referrers);
    free(r);
}

static bool has(const uint64_t *bits, uint32_t i)
{
    return bits[i / 64] >> i % 64 & 1;
}

static void put(uint64_t *bits, uint32_t i)
{
    bits[i / 64] |= (uint64_t)1 << i % 64;
}

static int compare_referrers(const void *a, const void *b)
{
    const struct referrer *left = a, *right = b;
    if (left->subject != right->subject)
        return left->subject < right->subject ? -1 : 1;
    return left->manifest < right->manifest ? -1 : left->manifest > right->manifest;
}

static void note_referrer(struct ra_reach *r, uint32_t manifest)
{
    const struct ra_survey_manifest *m = ra_survey_manifest(r->survey, manifest);
    size_t n = 0;
    const uint32_t *subject = m ? ra_survey_refs(m, RA_REF_SUBJECT, &n) : NULL;
    for (size_t i = 0; i < n; i++)
        *ra_vec_push(&r->referrers) = (struct referrer){subject[i], manifest};
}

void ra_reach_begin(struct ra_reach *r, const struct ra_survey_repo *repo)
{
    ra_vec_each (id, &r->ids) {
        uint32_t word = ra_blobs_index(r->survey->blobs, *id) / 64;
        r->reached[word] = r->entered[word] = 0;
    }
    r->ids.n = r->referrers.n = 0;
    r->repo = repo;
    for (uint32_t i = 0; i < repo->n_revs; i++)
        if (!(repo->revs[i].flags & RA_REV_NO_LINK))
            note_referrer(r, repo->revs[i].blob);
    if (r->referrers.n)
        qsort(r->referrers.at, r->referrers.n, sizeof(*r->referrers.at), compare_referrers);
}

/* Those that speak of a digest are wanted as soon as it is. */
static void want_referrers(struct ra_reach *r, uint32_t subject)
{
    size_t low = 0, high = r->referrers.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->referrers.at[middle].subject < subject)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < r->referrers.n && r->referrers.at[low].subject == subject; low++)
        *ra_vec_push(&r->todo) = r->referrers.at[low].manifest;
}

static void reach(struct ra_reach *r, uint32_t id)
{
    uint32_t i = ra_blobs_index(r->survey->blobs, id);
    if (has(r->reached, i))
        return;
    put(r->reached, i);
    *ra_vec_push(&r->ids) = id;
    want_referrers(r, id);
}

static bool is_revision(const struct ra_reach *r, uint32_t id)
{
    const struct ra_survey_rev *rev = ra_survey_rev(r->survey, r->repo, id);
    return rev && !(rev->flags & RA_REV_NO_LINK);
}

/* Any reference may be a manifest of this repository, whatever role it plays: nobody forbids it. A child that no media
 * type calls a manifest needs no revision link to be one. */
static void follow(struct ra_reach *r, uint32_t id, bool child, bool unlinked)
{
    reach(r, id);
    unsigned flags = ra_blobs_flags(r->survey->blobs, id);
    bool regardless = child && (unlinked || !(flags & RA_BLOB_CHILD));
    if (flags & RA_BLOB_MANIFEST && (regardless || is_revision(r, id)))
        *ra_vec_push(&r->todo) = id;
}

static void enter(struct ra_reach *r, uint32_t id)
{
    uint32_t i = ra_blobs_index(r->survey->blobs, id);
    if (has(r->entered, i))
        return;
    reach(r, id);
    put(r->entered, i);
    const struct ra_survey_manifest *m = ra_survey_manifest(r->survey, id);
    if (!m)
        return;
    bool unlinked = !is_revision(r, id);
    for (int role = 0; role < RA_ROLES; role++) {
        size_t n;
        const uint32_t *refs = ra_survey_refs(m, (enum ra_ref_role)role, &n);
        for (size_t k = 0; role != RA_REF_SUBJECT && k < n; k++)
            follow(r, refs[k], role == RA_REF_CHILD, unlinked);
    }
}

static void drain(struct ra_reach *r)
{
    while (r->todo.n)
        enter(r, r->todo.at[--r->todo.n]);
}

void ra_reach_enter(struct ra_reach *r, uint32_t manifest)
{
    if (manifest == RA_NONE)
        return;
    *ra_vec_push(&r->todo) = manifest;
    drain(r);
}

void ra_reach_touch(struct ra_reach *r, uint32_t blob)
{
    if (blob == RA_NONE)
        return;
    reach(r, blob);
    drain(r);
}

bool ra_reach_has(const struct ra_reach *r, uint32_t id)
{
    return has(r->reached, ra_blobs_index(r->survey->blobs, id));
}

const struct ra_ids *ra_reach_ids(const struct ra_reach *r)
{
    return &r->ids;
}
