#include "jobs/report.h"

#include "base/clock.h"
#include "jobs/fsck.h"
#include "jobs/image.h"
#include "registry/layout.h"

void ra_report_release(struct ra_report *r)
{
    ra_vec_each (image, &r->images) {
        ra_vec_release(&image->children);
        ra_vec_release(&image->referrers);
    }
    ra_vec_release(&r->images);
    ra_vec_release(&r->tags);
    ra_vec_release(&r->repos);
    for (size_t i = 0; i < r->n_arenas; i++)
        ra_arena_release(&r->arenas[i]);
    free(r->arenas);
    ra_du_release(&r->du);
    *r = (struct ra_report){0};
}

/* --- which manifests, and what belongs together -------------------------------------------------------------- */

/* `referrer` says something about `subject`. */
struct pair {
    uint32_t subject, referrer; /* numbers of blobs */
};

struct gathering {
    struct ra_report *r;
    uint32_t *places; /* by the index of a blob: the place of its image + 1 */
    RA_VEC(struct pair) pairs;
};

static void gathering_release(struct gathering *g)
{
    free(g->places);
    ra_vec_release(&g->pairs);
}

static uint32_t place_of(struct gathering *g, uint32_t blob)
{
    struct ra_blobs *blobs = g->r->du.survey.blobs;
    uint32_t *place = &g->places[ra_blobs_index(blobs, blob)];
    if (*place)
        return *place - 1;
    struct ra_report_image *image = ra_vec_push(&g->r->images);
    image->blob = blob;
    ra_blobs_digest(blobs, blob, &image->digest);
    *place = (uint32_t)g->r->images.n;
    return *place - 1;
}

/* "sha256-<hex>.sig": what signers did before there were subjects. */
static void pair_by_name(struct gathering *g, const struct ra_survey_tag *tag)
{
    struct ra_digest subject;
    if (tag->target == RA_NONE || !strchr(tag->name, '.') || !ra_tag_is_digest_like(tag->name, &subject))
        return;
    uint32_t blob = ra_blobs_find(g->r->du.survey.blobs, &subject);
    if (blob != RA_NONE)
        *ra_vec_push(&g->pairs) = (struct pair){blob, tag->target};
}

static int compare_pairs(const void *left, const void *right, void *arg)
{
    const struct pair *a = left, *b = right;
    struct ra_digest da, db;
    if (a->subject != b->subject)
        return a->subject < b->subject ? -1 : 1;
    ra_blobs_digest(arg, a->referrer, &da);
    ra_blobs_digest(arg, b->referrer, &db);
    return ra_digest_cmp(&da, &db);
}

static void find_pairs(struct gathering *g)
{
    const struct ra_survey *s = &g->r->du.survey;
    for (size_t i = 0; i < s->manifests.n; i++) {
        size_t n;
        const uint32_t *subjects = ra_survey_refs(s->manifests.at[i], RA_REF_SUBJECT, &n);
        for (size_t k = 0; k < n; k++)
            *ra_vec_push(&g->pairs) = (struct pair){subjects[k], s->manifests.at[i]->blob};
    }
    ra_vec_each (repo, &s->repos)
        for (uint32_t i = 0; i < repo->n_tags; i++)
            pair_by_name(g, &repo->tags[i]);
    if (g->pairs.n)
        qsort_r(g->pairs.at, g->pairs.n, sizeof(*g->pairs.at), compare_pairs, s->blobs);
}

/* The first pair with that subject, or where it would be. */
static size_t first_pair(const struct gathering *g, uint32_t subject)
{
    size_t low = 0, high = g->pairs.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (g->pairs.at[middle].subject < subject)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void follow_referrers(struct gathering *g, size_t from)
{
    uint32_t blob = g->r->images.at[from].blob, last = RA_NONE;
    for (size_t i = first_pair(g, blob); i < g->pairs.n && g->pairs.at[i].subject == blob; i++) {
        if (g->pairs.at[i].referrer == last)
            continue;
        last = g->pairs.at[i].referrer;
        uint32_t place = place_of(g, last);
        *ra_vec_push(&g->r->images.at[from].referrers) = place;
    }
}

static void follow_children(struct gathering *g, size_t from)
{
    size_t n = 0;
    const struct ra_survey_manifest *m = ra_survey_manifest(&g->r->du.survey, g->r->images.at[from].blob);
    const uint32_t *children = m ? ra_survey_refs(m, RA_REF_CHILD, &n) : NULL;
    for (size_t i = 0; i < n; i++) {
        uint32_t place = place_of(g, children[i]);
        *ra_vec_push(&g->r->images.at[from].children) = place;
    }
}

/* --- repositories and their tags ----------------------------------------------------------------------------- */

static void add_repo(struct gathering *g, const struct ra_survey_repo *repo)
{
    struct ra_report *r = g->r;
    uint32_t number = (uint32_t)r->repos.n;
    struct ra_report_repo *out = ra_vec_push(&r->repos);
    *out = (struct ra_report_repo){.updated = RA_TIME_NONE};
    for (uint32_t i = 0; i < repo->n_revs; i++)
        out->revisions += !(repo->revs[i].flags & RA_REV_NO_LINK);
    for (uint32_t i = 0; i < repo->n_tags; i++) {
        const struct ra_survey_tag *tag = &repo->tags[i];
        if (tag->flags & RA_TAG_NO_LINK)
            continue;
        bool damaged = tag->flags & (RA_TAG_BAD_LINK | RA_TAG_UNREADABLE) || tag->target == RA_NONE;
        uint32_t place = damaged ? RA_NONE : place_of(g, tag->target);
        if (place != RA_NONE)
            r->images.at[place].tagged = true;
        *ra_vec_push(&r->tags) =
            (struct ra_report_tag){.repo = number, .image = place, .name = tag->name, .updated = tag->mtime};
        out->tags++;
        if (tag->mtime > out->updated)
            out->updated = tag->mtime;
    }
}

static int compare_du_tags(const void *left, const void *right)
{
    const struct ra_du_tag *a = left, *b = right;
    int order = strcmp(a->repository, b->repository);
    return order ? order : strcmp(a->tag, b->tag);
}

static void add_unique_bytes(struct ra_report *r)
{
    struct ra_du *du = &r->du;
    if (du->tags.n)
        qsort(du->tags.at, du->tags.n, sizeof(*du->tags.at), compare_du_tags);
    ra_vec_each (tag, &r->tags) {
        struct ra_du_tag key = {.repository = du->repos.at[tag->repo].name, .tag = tag->name};
        const struct ra_du_tag *found = bsearch(&key, du->tags.at, du->tags.n, sizeof(key), compare_du_tags);
        tag->unique_bytes = found ? found->unique_bytes : 0;
    }
}

static void gather(struct ra_report *r)
{
    __attribute__((cleanup(gathering_release))) struct gathering g = {.r = r};
    g.places = ra_calloc(ra_blobs_count(r->du.survey.blobs), sizeof(*g.places));
    find_pairs(&g);
    ra_vec_each (repo, &r->du.repos)
        add_repo(&g, ra_survey_find(&r->du.survey, repo->name));
    for (size_t i = 0; i < r->images.n; i++) {
        follow_children(&g, i);
        follow_referrers(&g, i);
    }
    add_unique_bytes(r);
}

/* --- taking images apart ------------------------------------------------------------------------------------- */

struct reading {
    const struct ra_job *job; /* its findings are aside */
    struct ra_findings *findings;
    struct ra_known_blobs *known;
    struct ra_report *r;
};

/* Texts from outside are cut where they would make a page useless. */
#define TEXT_MAX 16384

static const char *keep(struct ra_arena *a, const char *text)
{
    size_t n = strnlen(text, TEXT_MAX);
    if (text[n])
        while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--;
    return ra_arena_strndup(a, text, n);
}

static void keep_pairs(struct ra_arena *a, struct ra_report_image *image, const struct ra_annotations *from)
{
    for (size_t i = 0; i < from->n; i++)
        *ra_arena_push(a, &image->labels) =
            (struct ra_annotation){keep(a, from->at[i].key), keep(a, from->at[i].value)};
}

static void keep_layers(struct ra_arena *a, struct ra_report_image *image, const struct ra_descriptors *from)
{
    for (size_t i = 0; i < from->n; i++)
        if (from->at[i].valid)
            *ra_arena_push(a, &image->layers) =
                (struct ra_report_layer){.digest = from->at[i].digest,
                                         .bytes = from->at[i].size > 0 ? (uint64_t)from->at[i].size : 0,
                                         .media_type = keep(a, from->at[i].media_type)};
}

static void find_bad_config(const struct reading *reading, const struct ra_digest *config, const char *why)
{
    struct ra_key key;
    struct ra_place place = {.path = ra_key_blob(&key, config), .digest = config};
    ra_find(reading->findings, RA_WARNING, "bad-config", &place, "cannot read the image config: %s", why);
}

static void read_config(const struct reading *reading, struct ra_arena *a, const struct ra_descriptor *d,
                        struct ra_report_image *image)
{
    RA_BUF_AUTO bytes = {0};
    RA_IMAGECONFIG_AUTO config = {0};
    RA_ERR_AUTO err = {0};
    char platform[RA_PLATFORM_TEXT];
    image->config_bytes = d->size > 0 ? (uint64_t)d->size : 0;
    if (!ra_media_type_image_config(d->media_type))
        return;
    int rc = ra_imageconfig_load(reading->job->store, &d->digest, &bytes, &config, &err);
    if (rc == -RA_CORRUPT || rc == -RA_TOOBIG)
        find_bad_config(reading, &d->digest, ra_err_text(&err));
    if (rc < 0) /* what is not there has its finding from the check */
        return;
    image->created = config.created;
    image->platform = ra_arena_strdup(a, ra_platform_text(&config.platform, platform));
    keep_pairs(a, image, &config.labels);
    for (size_t i = 0; i < config.history.n; i++)
        *ra_arena_push(a, &image->history) = (struct ra_report_step){keep(a, config.history.at[i].created_by),
                                                                     config.history.at[i].empty_layer};
}

/* The figures of a tag, by the same hand as in `tags`. */
static int read_totals(const struct reading *reading, struct ra_arena *a, struct ra_report_image *image,
                       struct ra_err *err)
{
    RA_AUTO(ra_image, _release) whole = {0};
    struct ra_place place = {.digest = &image->digest};
    int rc =
        ra_image_read(reading->job, &place, &image->digest, RA_LOOK_IF_CHEAP, reading->known, &whole, err);
    image->kind = ra_image_kind(&whole);
    image->bytes = whole.bytes;
    image->created = whole.created;
    ra_vec_each (platform, &whole.platforms)
        *ra_arena_push(a, &image->platforms) = ra_arena_strdup(a, *platform);
    return rc;
}

static int read_image(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    const struct reading *reading = arg;
    struct ra_report_image *image = &reading->r->images.at[i];
    struct ra_arena *a = &reading->r->arenas[worker];
    RA_BUF_AUTO bytes = {0};
    RA_MANIFEST_AUTO m = {0};
    image->kind = "missing";
    image->media_type = image->artifact_type = image->platform = "";
    image->created = RA_TIME_NONE;
    ra_progress_add(reading->job->progress, 1, 0);
    int rc = ra_manifest_load(reading->job->store, &image->digest, &bytes, &m, NULL);
    image->manifest_bytes = bytes.len;
    if (rc == 0) {
        image->kind = ra_manifest_kind_name(m.kind);
        image->media_type = keep(a, m.media_type);
        if (m.kind == RA_MANIFEST_ARTIFACT)
            image->artifact_type = keep(a, ra_manifest_artifact_type(&m));
        keep_layers(a, image, m.layers.n ? &m.layers : &m.blobs);
        if (m.config && m.config->valid)
            read_config(reading, a, m.config, image);
        keep_pairs(a, image, &m.annotations);
    }
    return image->tagged ? read_totals(reading, a, image, err) : ra_check_cancelled(err);
}

static int read_images(const struct reading *reading, struct ra_err *err)
{
    struct ra_report *r = reading->r;
    r->n_arenas = ra_job_io_threads(reading->job);
    r->arenas = ra_calloc(r->n_arenas, sizeof(*r->arenas));
    ra_progress_phase(reading->job->progress, "reading images", r->images.n, 0);
    return ra_parallel((unsigned)r->n_arenas, r->images.n, read_image, (void *)reading, err);
}

/* --- all of it ----------------------------------------------------------------------------------------------- */

static int check(const struct ra_job *job, struct ra_err *err)
{
    RA_AUTO_PTR(ra_fsck) fsck = NULL;
    return ra_fsck_check(job, &(struct ra_fsck_opts){.quick = true}, &fsck, err);
}

static int collect(const struct ra_job *job, const struct ra_report_opts *opts, struct ra_report *out,
                   struct ra_err *err)
{
    /* The check finds what these find, and says it once and better. */
    RA_AUTO(ra_findings, _release) aside = RA_FINDINGS_INIT;
    RA_AUTO(ra_known_blobs, _release) known = RA_KNOWN_BLOBS_INIT;
    struct ra_job quiet = *job;
    struct reading reading = {.job = &quiet, .findings = job->findings, .known = &known, .r = out};
    struct ra_du_opts du = {.min_age = opts->min_age, .also = RA_SURVEY_TAG_TIMES};
    quiet.findings = opts->check ? &aside : job->findings;
    int rc = ra_du_read(&quiet, &du, &out->du, err);
    if (rc == 0)
        rc = ra_du_by_tag(&quiet, &du, &out->du, err);
    if (rc < 0)
        return rc;
    gather(out);
    return read_images(&reading, err);
}

int ra_report_read(const struct ra_job *job, const struct ra_report_opts *opts, struct ra_report *out,
                   struct ra_err *err)
{
    *out = (struct ra_report){
        .opts = *opts, .where = ra_store_info(job->store)->where, .findings = job->findings};
    int rc = collect(job, opts, out, err);
    if (rc == 0 && opts->check)
        rc = check(job, err);
    if (rc < 0) {
        ra_report_release(out);
        return rc;
    }
    ra_findings_sort(job->findings);
    return 0;
}
