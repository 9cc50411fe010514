#include "jobs/fsck_parts.h"

#include "registry/layout.h"
#include "registry/read.h"

/* --- sizes: what descriptors say against what is there ----------------------------------------------------------- */

static void check_sizes(struct ra_fsck *f)
{
    struct ra_blobs *blobs = f->survey.blobs;
    for (unsigned part = 0; part < RA_BLOBS_PARTS; part++) {
        size_t n;
        ra_auto_free uint32_t *ids = ra_blobs_part(blobs, part, RA_BLOB_PRESENT | RA_BLOB_DISPUTED, 0, &n);
        for (size_t i = 0; i < n; i++)
            ra_blobs_set(blobs, ids[i], RA_FSCK_SIZE | RA_FSCK_BAD);
    }
}

/* --- repository by repository ----------------------------------------------------------- */

struct graph {
    struct ra_fsck *f;
    struct ra_reach **reaches; /* one a worker, as the bitmaps of layer links; NULL until it begins */
    uint8_t **links;
    size_t links_size;
};

static bool is_present(struct ra_fsck *f, uint32_t blob)
{
    return ra_blobs_flags(f->survey.blobs, blob) & RA_BLOB_PRESENT;
}

static void need(struct ra_fsck *f, uint32_t blob, unsigned flags)
{
    ra_blobs_set(f->survey.blobs, blob, flags);
}

/* A blob pushed by another algorithm's digest lies below its sha256; a layer link of the other digest holds that. The
 * number of the blob with the bytes; RA_NONE when there is none. */
static uint32_t bytes_of(struct ra_fsck *f, const struct ra_survey_repo *repo, uint32_t blob)
{
    struct ra_digest digest, held;
    struct ra_key key;
    if (is_present(f, blob))
        return blob;
    ra_fsck_digest(f, blob, &digest);
    if (digest.alg == RA_SHA256 ||
        ra_link_read(f->job->store, ra_key_layer(&key, repo->name, &digest), &held, NULL, NULL) < 0)
        return RA_NONE;
    uint32_t id = ra_blobs_find(f->survey.blobs, &held);
    return id != RA_NONE && is_present(f, id) ? id : RA_NONE;
}

const enum ra_ref_role ra_fsck_held[RA_FSCK_HELD] = {RA_REF_CONFIG, RA_REF_LAYER, RA_REF_BLOB};

static void need_refs(struct ra_fsck *f, const struct ra_survey_repo *repo,
                      const struct ra_survey_manifest *m, unsigned flags)
{
    for (size_t r = 0; r < RA_FSCK_HELD; r++) {
        size_t n;
        const uint32_t *refs = ra_survey_refs(m, ra_fsck_held[r], &n);
        for (size_t i = 0; i < n; i++) {
            uint32_t bytes = bytes_of(f, repo, refs[i]);
            need(f, refs[i], flags | (bytes == RA_NONE ? RA_FSCK_MISSING | RA_FSCK_BAD : 0));
            if (bytes != RA_NONE)
                need(f, bytes, flags);
        }
    }
}

static void mark_reached(struct ra_fsck *f, const struct ra_survey_repo *repo, const struct ra_reach *reach,
                         unsigned flags)
{
    const struct ra_ids *ids = ra_reach_ids(reach);
    for (size_t i = 0; i < ids->n; i++) {
        const struct ra_survey_manifest *m = ra_survey_manifest(&f->survey, ids->at[i]);
        need(f, ids->at[i], flags);
        if (m)
            need_refs(f, repo, m, flags);
    }
}

static bool has_layer_link(const struct graph *g, unsigned worker, uint32_t blob)
{
    uint32_t index = ra_blobs_index(g->f->survey.blobs, blob);
    return g->links[worker][index / 8] & 1u << index % 8;
}

/* Without its layer link a blob that is there cannot be pulled from this repository. */
static void check_layer_links(struct graph *g, unsigned worker, const struct ra_survey_repo *repo,
                              const struct ra_survey_manifest *m)
{
    static const enum ra_ref_role linked[] = {RA_REF_CONFIG, RA_REF_LAYER, RA_REF_BLOB};
    for (size_t r = 0; r < RA_COUNT(linked); r++) {
        size_t n;
        const uint32_t *refs = ra_survey_refs(m, linked[r], &n);
        for (size_t i = 0; i < n; i++) {
            struct ra_fix fix = {.kind = RA_FIX_LAYER_LINK, .repository = repo->name};
            struct ra_key key;
            char text[RA_DIGEST_TEXT];
            if (has_layer_link(g, worker, refs[i]) || !is_present(g->f, refs[i]))
                continue;
            ra_fsck_digest(g->f, refs[i], &fix.digest);
            struct ra_place at = {.path = ra_key_layer(&key, repo->name, &fix.digest),
                                  .repository = repo->name,
                                  .digest = &fix.digest};
            if (ra_fsck_link_reads(g->f, at.path))
                continue;
            ra_find(g->f->job->findings, ra_reach_has(g->reaches[worker], refs[i]) ? RA_ERROR : RA_WARNING,
                    "missing-layer-link", &at,
                    "the blob %s is there, but its layer link is not: it cannot be pulled",
                    ra_digest_text(&fix.digest, text));
            ra_fsck_add_fix(g->f, &fix);
        }
    }
}

static const struct ra_survey_rev *live_revision(const struct ra_fsck *f, const struct ra_survey_repo *repo,
                                                 uint32_t blob)
{
    const struct ra_survey_rev *rev = ra_survey_rev(&f->survey, repo, blob);
    return rev && !(rev->flags & RA_REV_NO_LINK) ? rev : NULL;
}

static bool is_manifest(const struct ra_fsck *f, uint32_t blob)
{
    const struct ra_survey_manifest *m = ra_survey_manifest(&f->survey, blob);
    return m && m->state <= RA_STATE_ODD;
}

bool ra_fsck_is_unlinked(struct ra_fsck *f, const struct ra_survey_repo *repo, uint32_t child)
{
    return ra_blobs_flags(f->survey.blobs, child) & RA_BLOB_CHILD && is_present(f, child) &&
           is_manifest(f, child) && !live_revision(f, repo, child);
}

static void fix_tag_from_history(struct ra_fsck *f, const struct ra_survey_repo *repo,
                                 const struct ra_survey_tag *tag)
{
    uint32_t found = RA_NONE;
    for (uint32_t i = 0; i < tag->n_history; i++) {
        if (!live_revision(f, repo, tag->history[i]) || !is_present(f, tag->history[i]) ||
            !is_manifest(f, tag->history[i]))
            continue;
        if (found != RA_NONE)
            return;
        found = tag->history[i];
    }
    if (found == RA_NONE)
        return;
    struct ra_fix fix = {.kind = RA_FIX_TAG_LINK, .repository = repo->name, .tag = tag->name};
    fix.misled = !(tag->flags & RA_TAG_BAD_LINK);
    if (fix.misled)
        ra_fsck_digest(f, tag->target, &fix.was);
    ra_fsck_digest(f, found, &fix.digest);
    ra_fsck_add_fix(f, &fix);
}

/* A manifest that is cut has a revision link, and is a matter of its bytes. What never was one has none, unless
 * somebody wrote it. */
static bool is_misled(const struct ra_fsck *f, const struct ra_survey_tag *tag, bool linked)
{
    const struct ra_survey_manifest *m = ra_survey_manifest(&f->survey, tag->target);
    bool broken = m && (m->state == RA_STATE_BROKEN || m->state == RA_STATE_TOO_BIG);
    return m && (m->state == RA_STATE_OTHER || (broken && !linked));
}

static void refill(struct ra_fsck *f, const struct ra_digest *digest)
{
    ra_fsck_add_fix(f, &(struct ra_fix){.kind = RA_FIX_REFILL, .digest = *digest});
}

static void check_tag(struct ra_fsck *f, const struct ra_survey_repo *repo, const struct ra_survey_tag *tag)
{
    struct ra_key key;
    struct ra_digest digest;
    char text[RA_DIGEST_TEXT];
    struct ra_place at = {.repository = repo->name, .tag = tag->name, .digest = &digest};
    if (tag->flags & RA_TAG_NO_LINK) {
        at.digest = NULL;
        at.path = ra_key_tag(&key, repo->name, tag->name);
        ra_find(f->job->findings, RA_NOTE, "tag-without-link", &at,
                "a tag folder without a current link: no tag");
        return;
    }
    if (tag->flags & RA_TAG_BAD_LINK) {
        fix_tag_from_history(f, repo, tag);
        return;
    }
    if (tag->target == RA_NONE)
        return;
    ra_fsck_digest(f, tag->target, &digest);
    at.path = ra_key_tag_current(&key, repo->name, tag->name);
    if (!is_present(f, tag->target)) {
        ra_find(f->job->findings, RA_ERROR, "dangling-tag", &at,
                "it points to the manifest %s, which is not there", ra_digest_text(&digest, text));
        refill(f, &digest);
        return;
    }
    struct ra_key link;
    bool linked = live_revision(f, repo, tag->target) ||
                  ra_fsck_link_reads(f, ra_key_revision(&link, repo->name, &digest));
    if (is_misled(f, tag, linked)) {
        ra_find(f->job->findings, RA_ERROR, "bad-manifest", &at,
                "it points to %s, which is no manifest: it cannot be pulled; push the image again, or remove "
                "the tag",
                ra_digest_text(&digest, text));
        fix_tag_from_history(f, repo, tag);
        return;
    }
    if (linked || !is_manifest(f, tag->target))
        return;
    struct ra_fix fix = {.kind = RA_FIX_REVISION_LINK, .repository = repo->name, .digest = digest};
    ra_find(f->job->findings, RA_ERROR, "missing-revision-link", &at,
            "the manifest %s it points to is there, but its revision link is not: it cannot be pulled",
            ra_digest_text(&digest, text));
    ra_fsck_add_fix(f, &fix);
}

static bool is_target(const struct ra_survey_repo *repo, uint32_t blob)
{
    for (uint32_t i = 0; i < repo->n_tags; i++)
        if (repo->tags[i].target == blob)
            return true;
    return false;
}

/* That a tag points to it was said of the tag; what a tag's index leads to is blamed with all its tags. */
static void report_missing(struct graph *g, unsigned worker, const struct ra_survey_repo *repo, uint32_t blob,
                           const struct ra_place *at)
{
    struct ra_fsck *f = g->f;
    if (is_target(repo, blob))
        return;
    if (ra_reach_has(g->reaches[worker], blob)) {
        ra_blobs_set(f->survey.blobs, blob, RA_FSCK_MISSING | RA_FSCK_BAD);
        return;
    }
    ra_find(f->job->findings, RA_WARNING, "dangling-revision", at,
            "a revision link to a manifest that is not there");
    refill(f, at->digest);
}

/* Here the worker's reach holds what tags lead to, and nothing else. */
static void check_revision(struct graph *g, unsigned worker, const struct ra_survey_repo *repo,
                           const struct ra_survey_rev *rev)
{
    struct ra_fsck *f = g->f;
    struct ra_key key;
    struct ra_digest digest;
    if (rev->flags & RA_REV_NO_LINK)
        return;
    ra_fsck_digest(f, rev->blob, &digest);
    struct ra_place at = {
        .path = ra_key_revision(&key, repo->name, &digest), .repository = repo->name, .digest = &digest};
    if (!is_present(f, rev->blob)) {
        report_missing(g, worker, repo, rev->blob, &at);
        return;
    }
    if (rev->flags & RA_REV_BAD_LINK && !(rev->flags & RA_REV_OTHER))
        ra_fsck_add_fix(
            f, &(struct ra_fix){.kind = RA_FIX_REVISION_LINK, .repository = repo->name, .digest = digest});
    const struct ra_survey_manifest *m = ra_survey_manifest(&f->survey, rev->blob);
    if (m && m->state == RA_STATE_OK)
        check_layer_links(g, worker, repo, m);
}

/* A tag's manifest whose revision link was lost wants its layer links all the same. */
static void check_unlinked(struct graph *g, unsigned worker, const struct ra_survey_repo *repo, uint32_t blob)
{
    const struct ra_survey_manifest *m = blob == RA_NONE ? NULL : ra_survey_manifest(&g->f->survey, blob);
    if (m && m->state == RA_STATE_OK && !live_revision(g->f, repo, blob))
        check_layer_links(g, worker, repo, m);
}

static void check_children(struct graph *g, unsigned worker, const struct ra_survey_repo *repo, uint32_t blob)
{
    struct ra_fsck *f = g->f;
    const struct ra_survey_manifest *m = ra_survey_manifest(&f->survey, blob);
    char text[RA_DIGEST_TEXT];
    struct ra_key key;
    size_t n = 0;
    const uint32_t *child = m ? ra_survey_refs(m, RA_REF_CHILD, &n) : NULL;
    for (size_t i = 0; i < n; i++) {
        struct ra_fix fix = {.kind = RA_FIX_REVISION_LINK, .repository = repo->name, .child = true};
        if (!ra_fsck_is_unlinked(f, repo, child[i]))
            continue;
        ra_fsck_digest(f, child[i], &fix.digest);
        struct ra_place at = {.path = ra_key_revision(&key, repo->name, &fix.digest),
                              .repository = repo->name,
                              .digest = &fix.digest};
        ra_reach_enter(g->reaches[worker], child[i]);
        if (ra_fsck_link_reads(f, at.path))
            continue;
        ra_find(f->job->findings, RA_WARNING, "missing-revision-link", &at,
                "a tag's index names the manifest %s, which is there, but its revision link is not: it "
                "cannot be pulled, and gc does not keep what only it needs",
                ra_digest_text(&fix.digest, text));
        ra_fsck_add_fix(f, &fix);
        check_unlinked(g, worker, repo, child[i]);
    }
}

/* The survey lists folders; one whose link is gone is what the registry leaves when it deletes a layer. */
static bool is_link(const struct graph *g, const struct ra_survey_repo *repo, uint32_t blob)
{
    struct ra_digest digest;
    struct ra_key key;
    struct ra_stat st;
    if (g->f->opts.quick || !(ra_store_info(g->f->job->store)->caps & RA_CAP_FOLDERS))
        return true;
    ra_fsck_digest(g->f, blob, &digest);
    return ra_store_stat(g->f->job->store, ra_key_layer(&key, repo->name, &digest), &st, NULL) !=
           -RA_NOTFOUND;
}

static void note_layer_links(struct graph *g, unsigned worker, const struct ra_survey_repo *repo)
{
    memset(g->links[worker], 0, g->links_size);
    for (uint32_t i = 0; i < repo->n_layers; i++) {
        uint32_t index = ra_blobs_index(g->f->survey.blobs, repo->layers[i]);
        if (is_link(g, repo, repo->layers[i]))
            g->links[worker][index / 8] |= (uint8_t)(1u << index % 8);
    }
}

/* A tag that cannot be read may mean anything that it ever pointed to. */
static void enter_tag(struct ra_reach *reach, const struct ra_survey_tag *tag)
{
    ra_reach_enter(reach, tag->target);
    for (uint32_t i = 0; tag->flags & (RA_TAG_BAD_LINK | RA_TAG_UNREADABLE) && i < tag->n_history; i++)
        ra_reach_enter(reach, tag->history[i]);
}

/* What cannot be read may need whatever the repository has a link to. */
static void need_all_links(struct ra_fsck *f, const struct ra_survey_repo *repo)
{
    for (uint32_t i = 0; i < repo->n_layers; i++)
        need(f, repo->layers[i], RA_FSCK_NEEDED);
    for (uint32_t i = 0; i < repo->n_tags; i++)
        for (uint32_t k = 0; k < repo->tags[i].n_history; k++)
            need(f, repo->tags[i].history[k], RA_FSCK_NEEDED);
}

static struct ra_reach *equip(struct graph *g, unsigned worker)
{
    if (!g->reaches[worker]) {
        g->reaches[worker] = ra_reach_new(&g->f->survey);
        g->links[worker] = ra_malloc(g->links_size);
    }
    return g->reaches[worker];
}

static int check_repository(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct graph *g = arg;
    struct ra_fsck *f = g->f;
    const struct ra_survey_repo *repo = &f->survey.repos.at[i];
    struct ra_reach *reach = equip(g, worker);
    note_layer_links(g, worker, repo);
    ra_reach_begin(reach, repo);
    for (uint32_t t = 0; t < repo->n_tags; t++) {
        check_tag(f, repo, &repo->tags[t]);
        enter_tag(reach, &repo->tags[t]);
    }
    for (size_t k = 0; k < ra_reach_ids(reach)->n; k++)
        check_children(g, worker, repo, ra_reach_ids(reach)->at[k]);
    mark_reached(f, repo, reach, RA_FSCK_TAGGED | RA_FSCK_NEEDED);
    for (uint32_t t = 0; t < repo->n_tags; t++)
        check_unlinked(g, worker, repo, repo->tags[t].target);
    for (uint32_t r = 0; r < repo->n_revs; r++)
        check_revision(g, worker, repo, &repo->revs[r]);
    for (uint32_t r = 0; r < repo->n_revs; r++) {
        if (!(repo->revs[r].flags & RA_REV_NO_LINK))
            ra_reach_enter(reach, repo->revs[r].blob);
    }
    mark_reached(f, repo, reach, RA_FSCK_NEEDED);
    if (repo->flags & RA_REPO_PROTECT)
        need_all_links(f, repo);
    ra_progress_add(f->job->progress, 1, 0);
    return ra_check_cancelled(err);
}

/* Each link is looked at, which on a cold disk is waiting. */
static int check_repositories(struct ra_fsck *f, struct ra_err *err)
{
    unsigned threads = ra_job_io_threads(f->job);
    struct graph g = {.f = f, .links_size = ra_blobs_count(f->survey.blobs) / 8 + 1};
    g.reaches = ra_calloc(threads, sizeof(*g.reaches));
    g.links = ra_calloc(threads, sizeof(*g.links));
    ra_progress_phase(f->job->progress, "checking links", f->survey.repos.n, 0);
    int rc = ra_parallel_io(threads, f->survey.repos.n, check_repository, &g, err);
    for (unsigned i = 0; i < threads; i++) {
        ra_reach_free(g.reaches[i]);
        free(g.links[i]);
    }
    free(g.reaches);
    free(g.links);
    return rc;
}

int ra_fsck_graph(struct ra_fsck *f, struct ra_err *err)
{
    int rc = check_repositories(f, err);
    if (rc == 0)
        check_sizes(f);
    return rc;
}
