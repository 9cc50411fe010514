#include "store/flatlist.h"

#include "base/arena.h"
#include "base/pool.h"

/* Full pages of the server's that are read before it is worth splitting. */
#define SERIAL_PAGES 4
/* What a range should hold at least, so that its last, partly needed page does not count. */
#define RANGE_KEYS 2000
/* A folder with so many subfolders is split between them, another one below them. */
#define ENOUGH 16
/* Folders that are looked into for that. */
#define FOLDERS 12
/* Pages of subfolders that are looked at. */
#define LEVEL_PAGES 4

struct run {
    struct ra_store *store;
    const struct ra_flatlist_opts *opts;
    unsigned threads;
    uint64_t seen; /* keys, before they were split into ranges */
    struct ra_arena arena;
    struct ra_strings starts; /* where ranges may begin, below the prefix; sorted in the end */
};

static int out_of_order(const struct run *r, struct ra_err *err)
{
    return ra_fail(err, RA_IO, "cannot list '%s': the server's listing is not sorted", r->opts->prefix);
}

static bool take(const struct run *r, const struct ra_entry *e, struct ra_keylist *out)
{
    const struct ra_flatlist_opts *opts = r->opts;
    if (!opts->keep || opts->keep(opts->arg, ra_buf_str(&out->last), e))
        return ra_keylist_add(out, e->name, &e->st);
    return ra_keylist_pass(out, e->name);
}

static int add_page(const struct run *r, const struct ra_page *page, struct ra_keylist *out,
                    struct ra_err *err)
{
    for (size_t i = 0; i < page->n; i++)
        if (!take(r, &page->at[i], out))
            return out_of_order(r, err);
    ra_progress_add(r->opts->progress, page->n, 0);
    return ra_check_cancelled(err);
}

/* Adds some `most` keys between two names, and how many to *seen; 1 when there may be more, 0 at the end. */
static int list_range(const struct run *r, const char *after, const char *before, uint64_t most,
                      uint64_t *seen, struct ra_keylist *out, struct ra_err *err)
{
    struct ra_list_opts opts = {
        .mode = RA_LIST_DEEP, .want = RA_WANT_SIZE | RA_WANT_MTIME, .after = after, .before = before};
    RA_AUTO_PTR(ra_list) l = NULL;
    int rc = ra_list_open(r->store, r->opts->prefix, &opts, &l, err);
    while (rc == 0 && *seen < most) {
        struct ra_page page;
        int more = ra_list_next(l, &page, err);
        if (more <= 0)
            return more;
        *seen += page.n;
        rc = add_page(r, &page, out, err);
    }
    return rc < 0 ? rc : 1;
}

/* --- where to split --- */

static int list_folders(struct run *r, const char *folder, struct ra_strings *out, struct ra_err *err)
{
    struct ra_list_opts opts = {.mode = RA_LIST_LEVEL};
    RA_AUTO_PTR(ra_list) l = NULL;
    ra_auto_free char *prefix = ra_asprintf("%s%s", r->opts->prefix, folder);
    int rc = ra_list_open(r->store, prefix, &opts, &l, err);
    size_t seen = 0;
    while (rc == 0 && seen < LEVEL_PAGES * ra_store_info(r->store)->list_max) {
        struct ra_page page;
        rc = ra_list_next(l, &page, err);
        if (rc <= 0)
            return rc;
        seen += page.n;
        for (size_t k = 0; k < page.n; k++) {
            if (page.at[k].st.kind != RA_PREFIX)
                continue;
            ra_auto_free char *name = ra_asprintf("%s%s/", folder, page.at[k].name);
            *ra_arena_push(&r->arena, out) = ra_arena_strdup(&r->arena, name);
        }
        rc = 0;
    }
    return rc;
}

/* Breadth first: a folder that holds few is no good place to split at, those below it may be. */
static int find_starts(struct run *r, struct ra_err *err)
{
    struct ra_strings queue = {0};
    int rc = 0;
    *ra_arena_push(&r->arena, &queue) = "";
    for (size_t i = 0; rc == 0 && i < queue.n && i < FOLDERS; i++) {
        struct ra_strings found = {0};
        rc = list_folders(r, queue.at[i], &found, err);
        for (size_t k = 0; k < found.n; k++) {
            *ra_arena_push(&r->arena, &r->starts) = found.at[k];
            if (found.n < ENOUGH)
                *ra_arena_push(&r->arena, &queue) = found.at[k];
        }
    }
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* How many of the sorted starts lie before `name`. */
static size_t passed(const struct ra_strings *starts, const char *name)
{
    size_t n = 0;
    while (n < starts->n && strcmp(starts->at[n], name) <= 0)
        n++;
    return n;
}

/* How many ranges what is left is worth, going by how far the keys read so far have come. */
static size_t count_ranges(const struct run *r, size_t done, size_t left)
{
    uint64_t expected = r->seen / (done + 1) * left;
    uint64_t n = expected / RANGE_KEYS + 1, most = 4 * (uint64_t)r->threads;
    n = n < most ? n : most;
    return (size_t)(n < left + 1 ? n : left + 1);
}

/* --- the ranges, in parallel --- */

struct ranges {
    const struct run *run;
    const char **bounds; /* n + 1: range i lies between bounds[i] and bounds[i + 1], which may be NULL */
    struct ra_keylist *parts;
};

static int list_part(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct ranges *ranges = arg;
    uint64_t seen = 0;
    (void)worker;
    int rc = list_range(ranges->run, ranges->bounds[i], ranges->bounds[i + 1], UINT64_MAX, &seen,
                        &ranges->parts[i], err);
    return rc < 0 ? rc : 0;
}

static int list_ranges(const struct run *r, const char **bounds, size_t n, struct ra_keylist *out,
                       struct ra_err *err)
{
    struct ranges ranges = {r, bounds, ra_calloc(n, sizeof(*ranges.parts))};
    int rc = ra_parallel(r->threads, n, list_part, &ranges, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (!ra_keylist_join(out, &ranges.parts[i]))
            rc = out_of_order(r, err);
    for (size_t i = 0; i < n; i++)
        ra_keylist_release(&ranges.parts[i]);
    free(ranges.parts);
    return rc;
}

static int list_rest(struct run *r, struct ra_keylist *out, struct ra_err *err)
{
    int rc = find_starts(r, err);
    if (rc < 0)
        return rc;
    const struct ra_strings *starts = &r->starts;
    if (starts->n)
        qsort(starts->at, starts->n, sizeof(*starts->at), by_name);
    ra_auto_free char *reached = ra_strdup(ra_buf_str(&out->last));
    size_t done = passed(starts, reached), left = starts->n - done;
    size_t n = count_ranges(r, done, left);
    ra_auto_free const char **bounds = ra_calloc(n + 1, sizeof(*bounds));
    bounds[0] = reached;
    for (size_t i = 1; i < n; i++)
        bounds[i] = starts->at[done + left * i / n];
    return list_ranges(r, bounds, n, out, err);
}

int ra_flatlist(struct ra_store *s, const struct ra_flatlist_opts *opts, struct ra_keylist *out,
                struct ra_err *err)
{
    struct run r = {.store = s, .opts = opts, .threads = opts->threads ? opts->threads : 1};
    uint64_t serial = r.threads > 1 ? SERIAL_PAGES * ra_store_info(s)->list_max : UINT64_MAX;
    int rc = list_range(&r, NULL, NULL, serial, &r.seen, out, err);
    if (rc == 1)
        rc = list_rest(&r, out, err);
    ra_arena_release(&r.arena);
    return rc;
}
