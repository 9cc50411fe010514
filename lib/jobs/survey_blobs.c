#include "jobs/survey_parts.h"

#define SHARDS 256
/* Each thread holds the names of a whole shard: a few keep any disk busy, many would only take memory. */
#define THREADS 8

struct inventory {
    struct ra_survey_run *run;
    enum ra_alg algs[RA_ALG_COUNT];
    size_t n_algs;
};

struct shard {
    struct ra_survey_run *run;
    struct ra_survey_worker *w;
    enum ra_alg alg;
    unsigned first;
    RA_VEC(uint64_t) sizes;
    RA_VEC(bool) young;
};

/* What may be in it is not known, and so not removed. */
static void find_odd(const struct ra_survey_run *run, const char *prefix, const char *name)
{
    ra_auto_free char *path = ra_asprintf("%s%s", prefix, name);
    if (ra_survey_has_folders(run))
        ra_find(run->job->findings, RA_WARNING, "odd-file", &(struct ra_place){.path = path},
                "no folder that can be looked into, where one belongs: nothing in it is known");
}

static int take_alg(void *arg, const struct ra_entry *e, struct ra_err *err RA_UNUSED)
{
    struct inventory *inv = arg;
    int alg = ra_alg_find(e->name, strlen(e->name));
    if (alg >= 0 && e->st.kind != RA_PREFIX)
        find_odd(inv->run, RA_BLOBS, e->name);
    if (alg >= 0 && e->st.kind == RA_PREFIX && inv->n_algs < RA_ALG_COUNT)
        inv->algs[inv->n_algs++] = (enum ra_alg)alg;
    if (alg >= 0)
        inv->run->out->algs[alg] = true;
    return 0;
}

/* What lies in the wrong folder, or has a name that is none, is not the registry's and not ours. */
static int take_blob(void *arg, const struct ra_entry *e, struct ra_err *err RA_UNUSED)
{
    struct shard *shard = arg;
    struct ra_digest d;
    if (!ra_digest_parse_hex(shard->alg, e->name, strlen(e->name), &d) || d.bytes[0] != shard->first)
        return 0;
    if (e->st.kind == RA_OTHER)
        find_odd(shard->run, shard->w->key.s, e->name);
    if (e->st.kind != RA_OBJECT)
        return 0;
    *ra_vec_push(&shard->w->digests) = d;
    if (!ra_survey_wants(shard->run, RA_SURVEY_SIZES))
        return 0;
    *ra_vec_push(&shard->sizes) = ra_survey_wants(shard->run, RA_SURVEY_DISK) ? e->st.disk : e->st.size;
    *ra_vec_push(&shard->young) = ra_survey_is_young(shard->run, e->st.mtime);
    return 0;
}

static void add_shard(struct shard *shard)
{
    struct ra_blobs *blobs = shard->run->out->blobs;
    struct ra_survey_worker *w = shard->w;
    if (shard->alg == RA_SHA256)
        ra_blobs_reserve(blobs, shard->first, w->digests.n);
    for (size_t i = 0; i < w->digests.n; i++) {
        uint32_t id = ra_blobs_add(blobs, &w->digests.at[i]);
        ra_blobs_set(blobs, id, RA_BLOB_PRESENT);
        if (i >= shard->sizes.n)
            continue;
        ra_blobs_size_is(blobs, id, shard->sizes.at[i]);
        if (shard->young.at[i])
            ra_blobs_set(blobs, id, RA_BLOB_YOUNG);
    }
}

static void look_for_odd_shard(const struct ra_survey_run *run, const char *prefix)
{
    struct ra_stat st;
    ra_auto_free char *key = ra_strndup(prefix, strlen(prefix) - 1);
    if (ra_survey_has_folders(run) && ra_store_stat(run->job->store, key, &st, NULL) == 0 &&
        st.kind != RA_PREFIX)
        find_odd(run, key, "");
}

/* A shard that cannot be listed keeps its blobs: nobody knows them, so nobody removes them. */
static int list_shard(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct inventory *inv = arg;
    struct ra_survey_run *run = inv->run;
    struct shard shard = {
        .run = run, .w = &run->workers[worker], .alg = inv->algs[i / SHARDS], .first = i % SHARDS};
    RA_ERR_AUTO trouble = {0};
    const char *prefix = ra_key_blob_shard(&shard.w->key, shard.alg, shard.first);
    unsigned want = ra_survey_wants(run, RA_SURVEY_SIZES) ? RA_WANT_SIZE | RA_WANT_MTIME : 0;
    shard.w->digests.n = 0;
    int rc = ra_survey_each(run, prefix, RA_LIST_LEAF, "data", want, take_blob, &shard, &trouble);
    add_shard(&shard);
    ra_progress_add(run->job->progress, shard.w->digests.n, 0);
    ra_vec_release(&shard.sizes);
    ra_vec_release(&shard.young);
    if (rc == -RA_NOTFOUND)
        look_for_odd_shard(run, prefix);
    if (rc == 0 || rc == -RA_NOTFOUND)
        return 0;
    return ra_find_or_stop(run->job->findings, &(struct ra_place){.path = prefix}, &trouble, err);
}

int ra_survey_blobs(struct ra_survey_run *run, struct ra_err *err)
{
    struct inventory inv = {.run = run};
    RA_ERR_AUTO trouble = {0};
    ra_progress_phase(run->job->progress, "listing blobs", 0, 0);
    int rc = ra_survey_each(run, RA_BLOBS, RA_LIST_LEVEL, NULL, 0, take_alg, &inv, &trouble);
    run->out->no_blobs = rc == -RA_NOTFOUND;
    if (rc < 0 && rc != -RA_NOTFOUND)
        return ra_find_or_stop(run->job->findings, &(struct ra_place){.path = RA_BLOBS}, &trouble, err);
    rc = ra_parallel(run->threads < THREADS ? run->threads : THREADS, inv.n_algs * SHARDS, list_shard, &inv,
                     err);
    for (unsigned i = 0; i < run->threads; i++)
        ra_vec_release(&run->workers[i].digests);
    return rc;
}
