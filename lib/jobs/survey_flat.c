#include "jobs/survey_parts.h"

#include "base/str.h"

/*
 * What passes by in a flat listing of the whole storage, by which no question about a folder needs a request of its
 * own. Most of it is digests, in keys many times as long as the numbers that the survey makes of them: blobs and layer
 * links go to where they belong at once. Of them, and of what nobody will look at, one key a folder stays, which says
 * that there is something.
 */

/* --- blobs/<algorithm>/<two digits>/<digest>/data ------------------------------------------------------------- */

/* The component that *at stands at, and moves *at behind it and its slash; its length, or 0 when it is the last. */
static size_t pass_folder(const char **at)
{
    const char *slash = strchr(*at, '/');
    size_t n = slash ? (size_t)(slash - *at) : 0;
    *at += n ? n + 1 : 0;
    return n;
}

/* What lies in the wrong folder, or has a name that is none, is not the registry's and not ours. */
static bool parse_blob(enum ra_alg alg, const char *name, struct ra_digest *out)
{
    const char *shard = name;
    if (pass_folder(&name) != 2 || strncmp(shard, name, 2) != 0)
        return false;
    const char *hex = name;
    size_t n = pass_folder(&name);
    return n && ra_streq(name, "data") && ra_digest_parse_hex(alg, hex, n, out);
}

static void take_blob(const struct ra_survey_run *run, const char *name, const struct ra_stat *st)
{
    const char *folder = name;
    size_t letters = pass_folder(&name);
    int alg = ra_alg_find(folder, letters);
    struct ra_digest d;
    if (alg < 0)
        return;
    run->out->algs[alg] = true;
    if (st->kind != RA_OBJECT || !parse_blob((enum ra_alg)alg, name, &d))
        return;
    uint32_t id = ra_blobs_add(run->out->blobs, &d);
    ra_blobs_set(run->out->blobs, id,
                 RA_BLOB_PRESENT | (ra_survey_is_young(run, st->mtime) ? RA_BLOB_YOUNG : 0));
    ra_blobs_size_is(run->out->blobs, id, ra_survey_wants(run, RA_SURVEY_DISK) ? st->disk : st->size);
}

/* --- repositories/<name>/_layers/<algorithm>/<digest>/link ----------------------------------------------------- */

static void note_layer(struct ra_survey_run *run, const char *repo, size_t n, const struct ra_digest *d)
{
    struct ra_survey_passed *p = &run->passed;
    const struct ra_survey_opts *opts = run->opts;
    bool fresh;
    RA_LOCKED(&p->lock);
    uint32_t number = ra_names_add(&p->repos, repo, n, &fresh);
    if (fresh)
        ra_vec_push(&p->layers)->wanted = !opts->wanted || opts->wanted(opts->arg, p->repos.at[number]);
    struct ra_survey_passed_links *links = &p->layers.at[number];
    if (links->wanted)
        *ra_vec_push(&links->blobs) = ra_blobs_add(run->out->blobs, d);
}

/* What is no plain link stays in the listing. */
static bool take_layer(struct ra_survey_run *run, const char *repo, size_t n, const char *link,
                       enum ra_kind kind)
{
    const char *folder = link;
    size_t letters = pass_folder(&link);
    const char *hex = link;
    size_t digits = pass_folder(&link);
    int alg = ra_alg_find(folder, letters);
    struct ra_digest d;
    if (alg < 0 || kind != RA_OBJECT || !ra_streq(link, "link") ||
        !ra_digest_parse_hex((enum ra_alg)alg, hex, digits, &d))
        return false;
    note_layer(run, repo, n, &d);
    return true;
}

void ra_survey_add_passed(struct ra_survey_run *run, struct ra_survey_worker *w, const char *repo)
{
    uint32_t number = ra_names_find(&run->passed.repos, repo, strlen(repo));
    if (number == RA_NO_NAME)
        return;
    ra_vec_each (blob, &run->passed.layers.at[number].blobs)
        ra_blobs_digest(run->out->blobs, *blob, ra_vec_push(&w->digests));
    ra_survey_sort_digests(w);
    size_t n = 0;
    ra_vec_each (d, &w->digests)
        if (n == 0 || ra_digest_cmp(&w->digests.at[n - 1], d) != 0)
            w->digests.at[n++] = *d;
    w->digests.n = n;
}

void ra_survey_forget_passed(struct ra_survey_run *run)
{
    ra_vec_each (links, &run->passed.layers)
        ra_vec_release(&links->blobs);
    ra_vec_release(&run->passed.layers);
    ra_names_release(&run->passed.repos);
}

/* --- repositories/ -------------------------------------------------------------------------------------------- */

/* How much of a key below repositories/ tells all that will be asked of it: the folder in which nobody will look, with
 * its slash. 0: it has to be known whole. */
static size_t enough(struct ra_survey_run *run, const char *name, enum ra_kind kind)
{
    const char *part = strstr(name, "/_");
    if (!part)
        return 0;
    size_t repo = (size_t)(part - name), end = repo + 1 + strcspn(part + 1, "/");
    if (!name[end++])
        return 0;
    if (ra_survey_wants(run, RA_SURVEY_NAMES))
        return end;
    if (ra_starts_with(part, "/_uploads/"))
        return ra_survey_wants(run, RA_SURVEY_UPLOADS) ? 0 : end;
    if (ra_starts_with(part, "/_layers/")) {
        bool needed = ra_survey_wants(run, RA_SURVEY_LAYERS);
        return needed && !take_layer(run, name, repo, name + end, kind) ? 0 : end;
    }
    if (ra_starts_with(part, "/_manifests/revisions/") && !ra_survey_wants(run, RA_SURVEY_REVISIONS))
        return end + strlen("revisions/");
    return 0;
}

bool ra_survey_keep(void *arg, const char *before, const struct ra_entry *e)
{
    struct ra_survey_run *run = arg;
    const char *name = e->name;
    if (ra_survey_inventory(run) && ra_starts_with(name, "blobs/")) {
        take_blob(run, name + strlen("blobs/"), &e->st);
        return false;
    }
    size_t above = ra_survey_inventory(run) ? strlen("repositories/") : 0;
    if (strncmp(name, "repositories/", above) != 0)
        return true;
    size_t n = enough(run, name + above, e->st.kind);
    return n == 0 || strncmp(name, before, above + n) != 0;
}
