#include "jobs/export_plan.h"

#include "registry/layout.h"
#include "registry/read.h"

enum health { UNKNOWN, PENDING, WHOLE, DAMAGED };
enum inside { UNSEEN, LOOKING, NOTHING, SOMETHING };

/* --- what the references mean ------------------------------------------------------------------------------- */

/* One operand. */
struct pick {
    struct ra_reference ref;
    char *repo; /* as it is called here */
    bool used;
};

struct picks {
    RA_VEC(struct pick) list;
};

static void picks_release(struct picks *p)
{
    ra_vec_each (pick, &p->list) {
        ra_reference_release(&pick->ref);
        free(pick->repo);
    }
    ra_vec_release(&p->list);
}

static int read_picks(struct ra_export_plan *p, struct picks *out, struct ra_err *err)
{
    const struct ra_strlist *refs = p->opts->refs;
    for (size_t i = 0; i < refs->n; i++) {
        struct pick *pick = ra_vec_push(&out->list);
        const char *repo;
        bool stripped;
        int rc = ra_reference_parse(refs->at[i], &pick->ref, err);
        if (rc == 0 && !ra_has_glob(pick->ref.repo))
            rc = ra_repo_resolve(p->job->store, pick->ref.repo, &repo, &stripped, err);
        else
            repo = pick->ref.repo;
        if (rc < 0)
            return rc;
        pick->repo = ra_strdup(repo);
    }
    return 0;
}

static bool wanted(void *arg, const char *repo)
{
    const struct picks *picks = arg;
    ra_vec_each (pick, &picks->list)
        if (ra_glob(pick->repo, repo))
            return true;
    return picks->list.n == 0;
}

bool ra_export_is_whole_repo(const struct ra_export_plan *p, const char *repo)
{
    const struct ra_strlist *refs = p->opts->refs;
    if (p->opts->no_untagged || p->opts->platform)
        return false;
    for (size_t i = 0; i < refs->n; i++) {
        RA_AUTO(ra_reference, _release) ref = {0};
        const char *bare;
        if (ra_reference_parse(refs->at[i], &ref, NULL) < 0 || ref.tag || ref.digest)
            continue;
        bare = ra_has_glob(ref.repo) ? NULL : ra_reference_strip_host(ref.repo);
        if (ra_glob(ref.repo, repo) || (bare && ra_streq(bare, repo)))
            return true;
    }
    return refs->n == 0;
}

/* --- health ------------------------------------------------------------------------------------------------- */

static bool is_bad(const struct ra_export_plan *p, uint32_t id)
{
    struct ra_digest d;
    if (p->bad.n == 0)
        return false;
    ra_blobs_digest(p->survey.blobs, id, &d);
    return ra_digest_set_find(&p->bad, &d) != RA_NONE;
}

bool ra_export_has_blob(const struct ra_export_plan *p, uint32_t id)
{
    return (ra_blobs_flags(p->survey.blobs, id) & RA_BLOB_PRESENT) && !is_bad(p, id);
}

static void complain(struct ra_export_plan *p, uint32_t manifest, uint32_t part, const char *what)
{
    struct ra_digest d, of;
    char text[RA_DIGEST_TEXT];
    ra_blobs_digest(p->survey.blobs, part, &d);
    ra_blobs_digest(p->survey.blobs, manifest, &of);
    struct ra_key key;
    struct ra_place at = {.path = ra_key_blob(&key, &d), .digest = &d};
    bool bad = is_bad(p, part);
    ra_find(p->job->findings, p->opts->skip_damaged ? RA_WARNING : RA_ERROR,
            bad ? "damaged-blob" : "missing-blob", &at, "%s of manifest %s is %s", what,
            ra_digest_text(&of, text), bad ? "damaged" : "not there");
}

static bool parts_there(struct ra_export_plan *p, const struct ra_survey_manifest *m)
{
    static const enum ra_ref_role roles[] = {RA_REF_CONFIG, RA_REF_LAYER, RA_REF_BLOB};
    bool whole = true;
    for (size_t r = 0; r < RA_COUNT(roles); r++) {
        size_t n;
        const uint32_t *ids = ra_survey_refs(m, roles[r], &n);
        for (size_t i = 0; i < n; i++)
            if (!ra_export_has_blob(p, ids[i])) {
                complain(p, m->blob, ids[i], ra_ref_role_name(roles[r]));
                whole = false;
            }
    }
    return whole;
}

/* A child that is not there at all makes an index sparse, which is legal; one that is there must be whole. */
static bool children_whole(struct ra_export_plan *p, const struct ra_survey_manifest *m)
{
    size_t n;
    const uint32_t *ids = ra_survey_refs(m, RA_REF_CHILD, &n);
    bool whole = true;
    for (size_t i = 0; i < n; i++)
        if (ra_export_has_blob(p, ids[i]) && ra_export_wants_child(p, m->blob, ids[i]))
            whole &= ra_export_whole(p, ids[i]);
    return whole;
}

static bool judge(struct ra_export_plan *p, uint32_t id)
{
    const struct ra_survey_manifest *m = ra_survey_manifest(&p->survey, id);
    /* A child of an index may be no revision, or no manifest at all. */
    if (!m)
        return ra_export_has_blob(p, id);
    if (!ra_export_has_blob(p, id) || m->state == RA_STATE_MISSING) {
        complain(p, id, id, "the document");
        return false;
    }
    if (m->state > RA_STATE_ODD) /* whoever read it said so */
        return false;
    bool parts = parts_there(p, m);
    return children_whole(p, m) && parts;
}

bool ra_export_whole(struct ra_export_plan *p, uint32_t id)
{
    uint8_t *health = &p->health[ra_blobs_index(p->survey.blobs, id)];
    if (*health == UNKNOWN) {
        *health = PENDING;
        *health = judge(p, id) ? WHOLE : DAMAGED;
    }
    return *health != DAMAGED;
}

/* --- platforms ---------------------------------------------------------------------------------------------- */

bool ra_export_platform_is(const struct ra_platform *have, const char *want)
{
    char text[RA_PLATFORM_TEXT];
    ra_platform_text(have, text);
    size_t n = strlen(want);
    return strncmp(text, want, n) == 0 && (text[n] == '\0' || text[n] == '/');
}

/* What an index says of a child: whether that is the wanted platform. True where nobody can tell. */
static bool says_wanted(struct ra_export_plan *p, uint32_t index, uint32_t child)
{
    RA_BUF_AUTO bytes = {0};
    RA_MANIFEST_AUTO m = {0};
    struct ra_digest index_digest, child_digest;
    ra_blobs_digest(p->survey.blobs, index, &index_digest);
    ra_blobs_digest(p->survey.blobs, child, &child_digest);
    if (ra_manifest_load(p->job->store, &index_digest, &bytes, &m, NULL) < 0)
        return true;
    for (size_t i = 0; i < m.manifests.n; i++) {
        const struct ra_descriptor *d = &m.manifests.at[i];
        if (d->valid && ra_digest_eq(&d->digest, &child_digest))
            return d->has_platform && ra_export_platform_is(&d->platform, p->opts->platform);
    }
    return true;
}

static bool has_wanted_child(struct ra_export_plan *p, const struct ra_survey_manifest *m)
{
    size_t n;
    const uint32_t *ids = ra_survey_refs(m, RA_REF_CHILD, &n);
    for (size_t i = 0; i < n; i++)
        if (ra_export_has_blob(p, ids[i]) && ra_export_wants_child(p, m->blob, ids[i]))
            return true;
    return false;
}

/* An index in an index has a platform of its own seldom; those in it count. */
static bool holds_wanted(struct ra_export_plan *p, uint32_t id)
{
    const struct ra_survey_manifest *m = ra_survey_manifest(&p->survey, id);
    uint8_t *inside = &p->inside[ra_blobs_index(p->survey.blobs, id)];
    if (*inside == UNSEEN) {
        *inside = LOOKING;
        *inside = m && has_wanted_child(p, m) ? SOMETHING : NOTHING;
    }
    return *inside == SOMETHING;
}

bool ra_export_wants_child(struct ra_export_plan *p, uint32_t index, uint32_t child)
{
    return !p->opts->platform || says_wanted(p, index, child) || holds_wanted(p, child);
}

/* --- presence ----------------------------------------------------------------------------------------------- */

struct looking {
    struct ra_export_plan *p;
    RA_VEC(uint32_t) ids;
};

static int look(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)worker;
    struct looking *l = arg;
    struct ra_digest d;
    uint64_t size;
    ra_blobs_digest(l->p->survey.blobs, l->ids.at[i], &d);
    int rc = ra_blob_size(l->p->job->store, &d, &size, err);
    if (rc == -RA_NOTFOUND)
        return ra_err_clear(err), 0;
    if (rc < 0)
        return rc;
    ra_blobs_size_is(l->p->survey.blobs, l->ids.at[i], size);
    ra_blobs_set(l->p->survey.blobs, l->ids.at[i], RA_BLOB_PRESENT | RA_BLOB_SIZED);
    return 0;
}

/* For some images each blob is looked at; for all, the survey has listed them. */
static int look_at_blobs(struct ra_export_plan *p, struct ra_err *err)
{
    struct looking l = {.p = p};
    const struct ra_survey *s = &p->survey;
    ra_auto_free uint8_t *seen = ra_calloc(ra_blobs_count(s->blobs) + 1, 1);
    for (size_t i = 0; i < s->manifests.n; i++) {
        const struct ra_survey_manifest *m = s->manifests.at[i];
        for (size_t k = 0; k <= ra_survey_ref_count(m); k++) {
            uint32_t id = k ? m->refs[k - 1] : m->blob;
            if (!seen[ra_blobs_index(s->blobs, id)]++)
                *ra_vec_push(&l.ids) = id;
        }
    }
    int rc = ra_parallel(ra_job_io_threads(p->job), l.ids.n, look, &l, err);
    ra_vec_release(&l.ids);
    return rc;
}

/* --- roots -------------------------------------------------------------------------------------------------- */

static void add_root(struct ra_export_plan *p, uint32_t repo, uint32_t tag, uint32_t id)
{
    *ra_vec_push(&p->roots) = (struct export_root){repo, tag, id};
}

static void pick_tags(struct ra_export_plan *p, struct picks *picks, uint32_t r)
{
    const struct ra_survey_repo *repo = &p->survey.repos.at[r];
    for (uint32_t t = 0; t < repo->n_tags; t++) {
        bool take = picks->list.n == 0;
        ra_vec_each (pick, &picks->list)
            if (ra_glob(pick->repo, repo->name) && !pick->ref.digest &&
                (!pick->ref.tag || ra_glob(pick->ref.tag, repo->tags[t].name)))
                take = pick->used = true;
        if (!take || repo->tags[t].flags & (RA_TAG_NO_LINK | RA_TAG_ILLEGAL))
            continue;
        if (repo->tags[t].target == RA_NONE)
            p->left_out++;
        else
            add_root(p, r, t, repo->tags[t].target);
    }
}

static void pick_digests(struct ra_export_plan *p, struct picks *picks, uint32_t r)
{
    const struct ra_survey_repo *repo = &p->survey.repos.at[r];
    struct ra_digest d;
    ra_vec_each (pick, &picks->list)
        for (uint32_t i = 0; i < repo->n_revs && pick->ref.digest && ra_glob(pick->repo, repo->name); i++) {
            ra_blobs_digest(p->survey.blobs, repo->revs[i].blob, &d);
            if (!(repo->revs[i].flags & RA_REV_NO_LINK) && ra_digest_has_prefix(&d, pick->ref.digest)) {
                add_root(p, r, RA_NONE, repo->revs[i].blob);
                pick->used = true;
            }
        }
}

static void pick_revisions(struct ra_export_plan *p, uint32_t r)
{
    const struct ra_survey_repo *repo = &p->survey.repos.at[r];
    for (uint32_t i = 0; i < repo->n_revs; i++)
        if (!(repo->revs[i].flags & RA_REV_NO_LINK))
            add_root(p, r, RA_NONE, repo->revs[i].blob);
}

static int check_used(const struct picks *picks, const struct ra_strlist *refs, struct ra_err *err)
{
    for (size_t i = 0; i < picks->list.n; i++)
        if (!picks->list.at[i].used && (picks->list.at[i].ref.tag || picks->list.at[i].ref.digest))
            return ra_hint(err, ra_fail(err, RA_NOTFOUND, "there is no '%s'", refs->at[i]),
                           "see: regadm ls, regadm tags");
    return 0;
}

static int pick_roots(struct ra_export_plan *p, struct picks *picks, struct ra_err *err)
{
    for (uint32_t r = 0; r < p->survey.repos.n; r++) {
        if (p->survey.repos.at[r].flags & RA_REPO_ILLEGAL)
            continue;
        pick_tags(p, picks, r);
        pick_digests(p, picks, r);
        if (ra_export_is_whole_repo(p, p->survey.repos.at[r].name))
            pick_revisions(p, r);
    }
    return check_used(picks, p->opts->refs, err);
}

/* --- platforms that are not there ------------------------------------------------------------------------- */

static bool has_platform(struct ra_export_plan *p, const struct ra_survey_manifest *m)
{
    size_t n;
    ra_survey_refs(m, RA_REF_CHILD, &n);
    return (n == 0 && m->kind != RA_MANIFEST_INDEX) || has_wanted_child(p, m);
}

static struct ra_place place_of(struct ra_export_plan *p, const struct export_root *root, struct ra_digest *d)
{
    const struct ra_survey_repo *repo = &p->survey.repos.at[root->repo];
    ra_blobs_digest(p->survey.blobs, root->id, d);
    return (struct ra_place){.repository = repo->name,
                             .tag = root->tag == RA_NONE ? NULL : repo->tags[root->tag].name,
                             .digest = d};
}

/* An index of which nothing is wanted is no image. */
static int drop_other_platforms(struct ra_export_plan *p, struct ra_err *err)
{
    size_t kept = 0, all = p->roots.n;
    for (size_t i = 0; i < all && p->opts->platform; i++) {
        struct export_root root = p->roots.at[i];
        const struct ra_survey_manifest *m = ra_survey_manifest(&p->survey, root.id);
        struct ra_digest d;
        struct ra_place at = place_of(p, &root, &d);
        if (!m || has_platform(p, m))
            p->roots.at[kept++] = root;
        else
            ra_find(p->job->findings, RA_WARNING, "not-exported", &at,
                    "it has nothing for %s, and was left out", p->opts->platform);
    }
    if (!p->opts->platform)
        return 0;
    p->roots.n = kept;
    return kept || !all ? 0 : ra_fail(err, RA_NOTFOUND, "there is nothing for %s", p->opts->platform);
}

/* --- damage ------------------------------------------------------------------------------------------------- */

static void tell_damaged(struct ra_export_plan *p, const struct export_root *root)
{
    struct ra_digest d;
    char text[RA_DIGEST_TEXT];
    struct ra_place at = place_of(p, root, &d);
    ra_find(p->job->findings, p->opts->skip_damaged ? RA_WARNING : RA_ERROR, "damaged-image", &at,
            p->opts->skip_damaged ? "%s is not whole, and was left out" : "%s is not whole",
            ra_digest_text(&d, text));
}

static int drop_damaged(struct ra_export_plan *p, struct ra_err *err)
{
    size_t kept = 0, damaged = 0;
    ra_auto_free uint32_t *told = ra_calloc(ra_blobs_count(p->survey.blobs) + 1, sizeof(*told));
    for (size_t i = 0; i < p->roots.n; i++) {
        struct export_root root = p->roots.at[i];
        if (ra_export_whole(p, root.id)) {
            p->roots.at[kept++] = root;
            continue;
        }
        /* Tags come first: a manifest that has one is named by it. */
        uint32_t *last = &told[ra_blobs_index(p->survey.blobs, root.id)];
        if (root.tag != RA_NONE || *last != root.repo + 1)
            tell_damaged(p, &root);
        *last = root.repo + 1;
        damaged++;
        p->left_out += root.tag != RA_NONE;
    }
    p->roots.n = kept;
    if (damaged == 0 || p->opts->skip_damaged)
        return 0;
    return ra_hint(err, ra_fail(err, RA_CORRUPT, "not all that was to be exported is whole"),
                   "--skip-damaged leaves out what is not; regadm fsck tells more");
}

/* A backup without what could not be read would pass for a whole one. A link that holds nonsense is another
 * matter: the registry has no use for it either. */
static bool something_unreadable(const struct ra_job *job)
{
    RA_LOCKED(&job->findings->mutex);
    ra_vec_each (f, &job->findings->list)
        if (ra_streq(f->code, "unreadable") || ra_streq(f->code, "vanished"))
            return true;
    return false;
}

static int survey(struct ra_export_plan *p, struct picks *picks, struct ra_err *err)
{
    bool all = p->opts->refs->n == 0;
    struct ra_survey_opts opts = {
        .want = RA_SURVEY_MANIFESTS | RA_SURVEY_REVISIONS | RA_SURVEY_HISTORY | RA_SURVEY_LAYERS |
                (all ? RA_SURVEY_SIZES : 0),
        .wanted = all ? NULL : wanted,
        .arg = picks,
    };
    ra_progress_phase(p->job->progress, "reading tags and manifests", 0, 0);
    int rc = ra_survey_read(p->job, &opts, &p->survey, err);
    if (rc < 0)
        return rc;
    p->left_out = (all && !p->survey.complete) || something_unreadable(p->job);
    if (!p->opts->skip_damaged && p->left_out)
        return ra_hint(err, ra_fail(err, RA_IO, "the storage could not be read as a whole"),
                       "--skip-damaged exports the rest");
    ra_blobs_freeze(p->survey.blobs);
    p->stamps = ra_calloc(ra_blobs_count(p->survey.blobs) + 1, sizeof(*p->stamps));
    p->health = ra_calloc(ra_blobs_count(p->survey.blobs) + 1, 1);
    p->inside = ra_calloc(p->opts->platform ? ra_blobs_count(p->survey.blobs) + 1 : 1, 1);
    return all ? 0 : look_at_blobs(p, err);
}

int ra_export_select(struct ra_export_plan *p, struct ra_err *err)
{
    __attribute__((cleanup(picks_release))) struct picks picks = {0};
    int rc = read_picks(p, &picks, err);
    if (rc == 0)
        rc = survey(p, &picks, err);
    if (rc == 0)
        rc = pick_roots(p, &picks, err);
    if (rc == 0)
        rc = drop_other_platforms(p, err);
    return rc < 0 ? rc : drop_damaged(p, err);
}
