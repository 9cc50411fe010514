#include "jobs/migrate_parts.h"

struct listing {
    struct ra_mig mig;
    struct ra_v1_listing *out;
};

void ra_v1_listing_release(struct ra_v1_listing *l)
{
    ra_vec_release(&l->tags);
    ra_v1_tree_release(&l->tree);
}

static int look_at(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err RA_UNUSED)
{
    struct ra_mig *m = arg;
    ra_mig_look_at_image(m, (uint32_t)i);
    return 0;
}

static void list_tag(struct listing *l, struct ra_mig_tag *t)
{
    uint32_t chain[RA_V1_CHAIN_MAX];
    struct ra_v1_listed_tag *out = ra_vec_push(&l->out->tags);
    *out = (struct ra_v1_listed_tag){
        .repo = t->repo->name, .tag = t->tag->name, .id = t->tag->id, .updated = t->tag->mtime};
    if (t->tag->state != RA_V1_TAG_FINE)
        return;
    for (uint32_t i = t->top; i != RA_NO_NAME && out->images < RA_V1_CHAIN_MAX;
         i = l->mig.images.at[i].parent) {
        out->images++;
        out->layer_bytes += l->mig.images.at[i].size;
    }
    out->whole = ra_mig_chain_of(&l->mig, t, chain) > 0;
}

static void add_tags(struct listing *l)
{
    const struct ra_migrate_opts *opts = l->mig.opts;
    ra_vec_each (repo, &l->mig.tree.repos)
        ra_vec_each (tag, &repo->tags) {
            const char *name = repo->name;
            char *targets[2] = {ra_strdup(ra_starts_with(name, "library/") ? name + 8 : name), NULL};
            if (tag->state != RA_V1_TAG_METADATA && ra_mig_wants(opts, name, targets, tag->name))
                *ra_vec_push(&l->mig.tags) = (struct ra_mig_tag){.repo = repo, .tag = tag, .top = RA_NO_NAME};
            free(targets[0]);
        }
}

static int list(struct listing *l, struct ra_err *err)
{
    struct ra_mig *m = &l->mig;
    int rc = ra_mig_scan(m, err);
    if (rc < 0)
        return rc;
    add_tags(l);
    rc = ra_mig_chain_load_all(m, err);
    if (rc == 0)
        rc = ra_parallel(ra_mig_width(m), m->images.n, look_at, m, err);
    if (rc < 0)
        return rc;
    ra_vec_each (t, &m->tags)
        list_tag(l, t);
    for (uint32_t i = 0; i < m->tree.images.n; i++)
        l->out->orphans += !ra_mig_is_reached(m, i);
    ra_vec_each (image, &m->images)
        l->out->layer_bytes += image->size;
    l->out->images = m->tree.images.n;
    return 0;
}

int ra_v1_list(struct ra_job *job, const struct ra_v1_source *source, const struct ra_strlist *patterns,
               bool *matched, struct ra_v1_listing *out, struct ra_err *err)
{
    const struct ra_migrate_opts opts = {
        .trust = RA_TRUST_VERIFIED, .patterns = patterns, .matched = matched};
    struct listing l = {.mig = {.job = job, .source = source, .opts = &opts}, .out = out};
    pthread_mutex_init(&l.mig.mutex, NULL);
    int rc = list(&l, err);
    out->tree = l.mig.tree;
    l.mig.tree = (struct ra_v1_tree){0};
    ra_mig_release(&l.mig);
    return rc;
}
