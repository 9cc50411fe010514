#include "jobs/migrate_parts.h"

#include "base/num.h"
#include "registry/reference.h"

/* Tags go through in groups of about so many layers: each may keep a descriptor open until its tags are known to be
 * whole. */
#define GROUP_LAYERS 200

void ra_mig_release(struct ra_mig *m)
{
    ra_vec_each (image, &m->images) {
        ra_put_blob_abort(image->parked);
        ra_mig_remarks_release(&image->remarks);
    }
    ra_vec_each (t, &m->tags) {
        ra_mig_remarks_release(&t->remarks);
        for (size_t i = 0; i < RA_COUNT(t->targets); i++)
            free(t->targets[i]);
    }
    ra_vec_release(&m->images);
    ra_vec_release(&m->tags);
    ra_names_release(&m->ids);
    ra_arena_release(&m->arena);
    ra_v1_tree_release(&m->tree);
    ra_mig_state_close(m->state);
    ra_mig_name_map_free(m->names);
    pthread_mutex_destroy(&m->mutex);
}

/* --- which tags --------------------------------------------------------------------------------------------- */

/* Another repository whose name is the same but for upper and lower case. */
static const char *case_twin(const struct ra_mig *m, const struct ra_v1_repo *repo)
{
    ra_vec_each (other, &m->tree.repos)
        if (strcasecmp(other->name, repo->name) == 0 && !ra_streq(other->name, repo->name))
            return other->name;
    return NULL;
}

static void check_target(struct ra_mig *m, struct ra_mig_tag *t)
{
    const char *name = t->targets[0], *twin = case_twin(m, t->repo);
    if (ra_repo_name_valid(name, strlen(name)))
        return;
    ra_auto_free char *better = ra_v1_suggest_name(name);
    ra_auto_free char *also = twin ? ra_asprintf("; beside it there is '%s'", twin) : ra_strdup("");
    if (better)
        ra_mig_doom(t, "illegal-name", "no registry accepts the name '%s'; %s--rename '%s=%s' would do%s",
                    name, strcasecmp(better, name) == 0 ? "--lowercase or " : "", t->repo->name, better,
                    also);
    else
        ra_mig_doom(t, "illegal-name", "no registry accepts the name '%s'; --rename gives it another%s", name,
                    also);
}

static void check_content(struct ra_mig *m, struct ra_mig_tag *t)
{
    struct ra_place at = {.path = t->tag->path, .repository = t->repo->name, .tag = t->tag->name};
    switch (t->tag->state) {
    case RA_V1_TAG_FINE:
        break;
    case RA_V1_TAG_NO_ID:
        ra_mig_doom(t, "v1-bad-tag", "it holds no image id");
        break;
    case RA_V1_TAG_UNREADABLE:
        ra_mig_doom(t, "unreadable", "%s", t->tag->why);
        break;
    case RA_V1_TAG_METADATA:
        t->doomed = t->silent = true;
        ra_find(m->job->findings, RA_NOTE, "v1-metadata", &at,
                "it is no tag, but what was pushed with another one");
    }
    if (!ra_tag_valid(t->tag->name, strlen(t->tag->name)) && !t->silent)
        ra_mig_doom(t, "illegal-name", "no registry accepts this tag");
}

static void add_tag(struct ra_mig *m, const struct ra_v1_repo *repo, const struct ra_v1_tag *tag)
{
    char *targets[2];
    ra_mig_name_map_apply(m->names, repo->name, targets);
    if (!ra_mig_wants(m->opts, repo->name, targets, tag->name)) {
        free(targets[0]);
        free(targets[1]);
        return;
    }
    struct ra_mig_tag *t = ra_vec_push(&m->tags);
    *t =
        (struct ra_mig_tag){.repo = repo, .tag = tag, .top = RA_NO_NAME, .targets = {targets[0], targets[1]}};
    check_content(m, t);
    if (!t->silent)
        check_target(m, t);
}

static void note_repo(struct ra_mig *m, const struct ra_v1_repo *repo)
{
    struct ra_place at = {.path = repo->path, .repository = repo->name};
    char *targets[2];
    if (repo->tags.n == 0)
        ra_find(m->job->findings, RA_NOTE, "v1-no-tags", &at,
                "the repository has no tags: nothing of it is migrated");
    if (repo->is_private) {
        *ra_vec_push(&m->out->private_ones) = ra_strdup(repo->name);
        ra_find(m->job->findings, RA_NOTE, "v1-private", &at,
                "the repository was private: whoever may pull has to be said anew, in front of the registry");
    }
    ra_mig_name_map_apply(m->names, repo->name, targets);
    bool only_short = ra_starts_with(repo->name, "library/") && ra_streq(repo->name + 8, targets[0]);
    if (!ra_streq(repo->name, targets[0]) && !only_short)
        *ra_vec_push(&m->out->renamed) = ra_asprintf("%s=%s", repo->name, targets[0]);
    free(targets[0]);
    free(targets[1]);
}

/* --- tags that want the same name --------------------------------------------------------------------------- */

/* Two folders of one repository are one, and the newer one's tags count. */
static void settle_twins(struct ra_mig_tag *first, struct ra_mig_tag *second)
{
    bool same = ra_streq(first->tag->id, second->tag->id);
    if (ra_streq(first->repo->name, second->repo->name)) {
        second->doomed = second->silent = true;
        if (!same)
            ra_mig_remark(&first->remarks, RA_WARNING, "v1-two-folders",
                          "'%s' has the tag too, with another image: this newer one counts",
                          second->repo->path);
    } else if (!same) {
        ra_mig_doom(second, "v1-name-collision", "'%s:%s' goes to the same name and is another image",
                    first->repo->name, first->tag->name);
    }
}

static void settle_collisions(struct ra_mig *m)
{
    RA_NAMES_AUTO taken = {0};
    RA_VEC(uint32_t) owner = {0};
    for (uint32_t i = 0; i < m->tags.n; i++) {
        struct ra_mig_tag *t = &m->tags.at[i];
        bool fresh;
        if (t->doomed)
            continue;
        ra_auto_free char *name = ra_asprintf("%s:%s", t->targets[0], t->tag->name);
        uint32_t n = ra_names_add(&taken, name, strlen(name), &fresh);
        if (fresh)
            *ra_vec_push(&owner) = i;
        else
            settle_twins(&m->tags.at[owner.at[n]], t);
    }
    ra_vec_release(&owner);
}

int ra_mig_scan(struct ra_mig *m, struct ra_err *err)
{
    int rc = ra_v1_scan(m->source, &m->tree, err);
    ra_vec_each (trouble, &m->tree.troubles)
        if (rc == 0)
            ra_find(m->job->findings, RA_ERROR, "unreadable", &(struct ra_place){.path = trouble->path}, "%s",
                    trouble->why);
    return rc;
}

static void choose_tags(struct ra_mig *m)
{
    ra_vec_each (repo, &m->tree.repos) {
        size_t before = m->tags.n;
        ra_mig_name_map_see(m->names, repo->name);
        ra_vec_each (tag, &repo->tags)
            add_tag(m, repo, tag);
        if (m->tags.n > before || !m->opts->patterns || !m->opts->patterns->n)
            note_repo(m, repo);
    }
    ra_mig_name_map_find_unused(m->names, m->job->findings);
    settle_collisions(m);
}

/* --- what can be told before layers are read ---------------------------------------------------------------- */

static int look_at(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err RA_UNUSED)
{
    struct ra_mig *m = arg;
    if (m->images.at[i].needed)
        ra_mig_look_at_image(m, (uint32_t)i);
    return 0;
}

static void check_chains(struct ra_mig *m)
{
    uint32_t chain[RA_V1_CHAIN_MAX];
    ra_vec_each (t, &m->tags) {
        size_t n = t->doomed ? 0 : ra_mig_chain_of(m, t, chain);
        for (size_t i = 0; i < n; i++)
            m->images.at[chain[i]].needed = true;
        if (n)
            ra_mig_chain_check_ancestry(m, t, chain, n);
    }
}

static int prepare(struct ra_mig *m, struct ra_err *err)
{
    const char *where = ra_store_info(m->source->root)->where;
    int rc = ra_mig_name_map_new(m->opts, &m->names, err);
    if (rc == 0 && m->opts->state)
        rc = ra_mig_state_open(m->opts->state, where, m->job->dry_run, &m->state, err);
    if (rc == 0)
        rc = ra_store_now(m->source->images, &m->started, err);
    ra_progress_phase(m->job->progress, "looking at the old registry", 0, 0);
    if (rc == 0)
        rc = ra_mig_scan(m, err);
    if (rc < 0)
        return rc;
    choose_tags(m);
    ra_progress_phase(m->job->progress, "reading metadata", 0, 0);
    rc = ra_mig_chain_load_all(m, err);
    if (rc < 0)
        return rc;
    check_chains(m);
    return ra_parallel(ra_mig_width(m), m->images.n, look_at, m, err);
}

/* --- groups ------------------------------------------------------------------------------------------------- */

struct group {
    struct ra_mig *m;
    RA_VEC(uint32_t) layers; /* images */
};

static int by_size(const void *a, const void *b, void *arg)
{
    const struct ra_mig *m = arg;
    uint64_t x = m->images.at[*(const uint32_t *)a].size, y = m->images.at[*(const uint32_t *)b].size;
    return (x < y) - (x > y);
}

static int take_layer(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct group *g = arg;
    int rc = ra_mig_layer_take(g->m, g->layers.at[i], err);
    ra_progress_add(g->m->job->progress, 1, 0);
    return rc;
}

/* Whether the target has tags of all its names: most likely the blobs are there as well. */
static int is_expected(struct ra_mig *m, const struct ra_mig_tag *t, bool *out, struct ra_err *err)
{
    *out = true;
    for (size_t i = 0; *out && i < RA_COUNT(t->targets) && t->targets[i]; i++) {
        struct ra_key key;
        struct ra_stat st;
        int rc =
            ra_store_stat(m->job->store, ra_key_tag_current(&key, t->targets[i], t->tag->name), &st, err);
        if (rc < 0 && rc != -RA_NOTFOUND)
            return rc;
        ra_err_clear(err);
        *out = rc == 0;
    }
    return 0;
}

static int add_to_group(struct group *g, struct ra_mig_tag *t, struct ra_err *err)
{
    struct ra_mig *m = g->m;
    uint32_t chain[RA_V1_CHAIN_MAX];
    bool expected;
    size_t n = t->doomed ? 0 : ra_mig_chain_of(m, t, chain);
    if (n == 0)
        return 0;
    int rc = is_expected(m, t, &expected, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct ra_mig_image *image = &m->images.at[chain[i]];
        image->expected = image->expected || expected;
        if (image->queued)
            continue;
        image->queued = true;
        *ra_vec_push(&g->layers) = chain[i];
    }
    return rc;
}

static int run_group(struct group *g, struct ra_mig_tag *first, size_t n, struct ra_err *err)
{
    struct ra_mig *m = g->m;
    if (g->layers.n)
        qsort_r(g->layers.at, g->layers.n, sizeof(*g->layers.at), by_size, m);
    int rc = ra_parallel(m->job->threads, g->layers.n, take_layer, g, err);
    if (rc == 0)
        rc = ra_mig_place_tags(m, first, n, err);
    for (size_t i = 0; i < g->layers.n; i++)
        ra_put_blob_abort(ra_steal_ptr(&m->images.at[g->layers.at[i]].parked));
    g->layers.n = 0;
    return rc < 0 ? rc : ra_mig_state_save(m->state, err);
}

static int run_groups(struct ra_mig *m, struct ra_err *err)
{
    struct group g = {.m = m};
    size_t first = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->tags.n; i++) {
        rc = add_to_group(&g, &m->tags.at[i], err);
        if (rc == 0 && (g.layers.n >= GROUP_LAYERS || i + 1 == m->tags.n)) {
            rc = run_group(&g, &m->tags.at[first], i + 1 - first, err);
            first = i + 1;
        }
    }
    ra_vec_release(&g.layers);
    return rc;
}

/* Whether a file of the old tree can share its bytes with one of the target: tried with one that is needed. */
static bool can_clone(struct ra_mig *m)
{
    struct ra_key key;
    RA_AUTO_PTR(ra_reader) reader = NULL;
    RA_AUTO_PTR(ra_writer) writer = NULL;
    const struct ra_mig_image *image = m->images.at, *end = image + m->images.n;
    while (image < end && !(image->needed && image->fate == RA_FATE_UNKNOWN && image->size))
        image++;
    return !m->job->dry_run && image < end &&
           ra_read_open(m->source->images, ra_v1_image_key(&key, m->source, image->id, RA_V1_LAYER), 0,
                        UINT64_MAX, 0, &reader, NULL) == 0 &&
           ra_write_open(m->job->store, NULL, RA_WRITE_NOREPLACE, 0, &writer, NULL) == 0 &&
           ra_write_clone(writer, reader, NULL) == 0;
}

static void begin_layers(struct ra_mig *m)
{
    uint64_t layers = 0, bytes = 0;
    ra_vec_each (image, &m->images)
        if (image->needed && image->fate == RA_FATE_UNKNOWN) {
            layers++;
            bytes += image->size;
        }
    m->clones = can_clone(m);
    ra_progress_phase(m->job->progress, "migrating layers", layers, bytes);
}

/* --- the end ------------------------------------------------------------------------------------------------ */

static void report_doomed(struct ra_mig *m)
{
    ra_vec_each (t, &m->tags) {
        if (!t->doomed || t->silent)
            continue;
        bool legal = ra_repo_name_valid(t->targets[0], strlen(t->targets[0])) &&
                     ra_tag_valid(t->tag->name, strlen(t->tag->name));
        ra_mig_report_tag(m, t, legal ? t->targets[0] : NULL, RA_SKIPPED, NULL);
        if (legal && t->targets[1])
            ra_mig_report_tag(m, t, t->targets[1], RA_SKIPPED, NULL);
    }
}

static int add_orphan(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err RA_UNUSED)
{
    struct ra_mig *m = arg;
    const char *id = m->tree.images.at[i];
    struct ra_list_opts opts = {.mode = RA_LIST_LEVEL, .want = RA_WANT_SIZE};
    RA_AUTO_PTR(ra_list) list = NULL;
    struct ra_page page;
    uint64_t bytes = 0;
    if (ra_mig_is_reached(m, (uint32_t)i))
        return 0;
    ra_auto_free char *prefix = ra_asprintf("%s%s/", m->source->images_at, id);
    if (ra_list_open(m->source->images, prefix, &opts, &list, NULL) == 0)
        while (ra_list_next(list, &page, NULL) > 0)
            for (size_t k = 0; k < page.n; k++)
                bytes += page.at[k].st.kind == RA_OBJECT ? page.at[k].st.size : 0;
    __atomic_add_fetch(&m->out->orphans.images, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&m->out->orphans.bytes, bytes, __ATOMIC_RELAXED);
    return 0;
}

static int count_orphans(struct ra_mig *m, struct ra_err *err)
{
    char size[RA_SIZE_TEXT];
    if (m->opts->patterns && m->opts->patterns->n)
        return 0;
    ra_progress_phase(m->job->progress, "counting what no tag needs", m->tree.images.n, 0);
    int rc = ra_parallel(ra_mig_width(m), m->tree.images.n, add_orphan, m, err);
    if (rc == 0 && m->out->orphans.images)
        ra_find(m->job->findings, RA_NOTE, "v1-orphans", &(struct ra_place){.path = "images"},
                "no tag leads to %llu of the images (%s): they are not migrated",
                (unsigned long long)m->out->orphans.images, ra_size_text(m->out->orphans.bytes, size));
    return rc;
}

static void remark_on_the_whole(struct ra_mig *m)
{
    if (m->live)
        ra_find(m->job->findings, RA_WARNING, "v1-live", NULL,
                "the old registry changed meanwhile: stop it, and migrate again to get the rest");
    if (m->out->tags.n || (m->opts->patterns && m->opts->patterns->n))
        return;
    ra_find(m->job->findings, RA_WARNING, "v1-nothing", NULL, "%s",
            m->tree.images.n
                ? "there are images but no tags: this was a mirror's cache, and there is nothing to migrate"
                : "there are no tags: there is nothing to migrate");
}

int ra_migrate_v1(struct ra_job *job, const struct ra_v1_source *source, const struct ra_migrate_opts *opts,
                  struct ra_migration *out, struct ra_err *err)
{
    struct ra_mig m = {.job = job, .source = source, .opts = opts, .out = out};
    pthread_mutex_init(&m.mutex, NULL);
    int rc = prepare(&m, err);
    if (rc == 0) {
        begin_layers(&m);
        rc = run_groups(&m, err);
    }
    if (rc == 0) {
        report_doomed(&m);
        rc = count_orphans(&m, err);
    }
    if (rc == 0) {
        ra_mig_report_counts(&m);
        remark_on_the_whole(&m);
    }
    ra_mig_release(&m);
    return rc;
}
