/*
 * Listings over flat pages. RA_LIST_LEAF never uses a delimiter: one entry a folder is found by watching the
 * sorted keys go by, since all keys below one folder stand together.
 */
#include "store/s3_http.h"

#include "base/clock.h"
#include "base/str.h"

struct list {
    struct ra_list base;
    struct ra_list_opts opts;
    char *prefix, *leaf, *after, *before;
    char *token; /* of the next page */
    bool last;   /* the page at hand is */
    bool ended;  /* nothing more is wanted */
    struct ra_s3_page page;
    struct ra_arena names; /* of entries that outlive their page */
    RA_VEC(struct ra_entry) out;
    char *group; /* RA_LIST_LEAF: the folder whose keys are going by; NULL: none */
    struct ra_stat group_st;
};

static char *dup_or_null(const char *s)
{
    return s ? ra_strdup(s) : NULL;
}

int ra_s3_list_open(struct ra_store *s, const char *prefix, const struct ra_list_opts *opts,
                    struct ra_list **out, struct ra_err *err)
{
    (void)err;
    struct list *l = ra_new(struct list);
    l->base.store = s;
    l->opts = *opts;
    l->prefix = ra_strdup(prefix);
    l->leaf = dup_or_null(opts->leaf);
    l->after = opts->after ? ra_asprintf("%s%s", prefix, opts->after) : NULL;
    l->before = dup_or_null(opts->before);
    *out = &l->base;
    return 0;
}

void ra_s3_list_close(struct ra_list *base)
{
    struct list *l = (struct list *)base;
    ra_s3_page_release(&l->page);
    ra_arena_release(&l->names);
    ra_vec_release(&l->out);
    free(l->prefix);
    free(l->leaf);
    free(l->after);
    free(l->before);
    free(l->token);
    free(l->group);
    free(l);
}

static int fetch(struct list *l, struct ra_err *err)
{
    struct ra_s3_page_query q = {.prefix = l->prefix,
                                 .delimiter = l->opts.mode == RA_LIST_LEVEL ? "/" : NULL,
                                 .after = l->after,
                                 .token = l->token};
    int rc = ra_s3_page_fetch(ra_s3_of(l->base.store), &q, &l->page, err);
    if (rc < 0)
        return rc;
    free(l->token);
    l->token = ra_steal_ptr(&l->page.next);
    l->last = l->token == NULL;
    return 0;
}

static void emit(struct list *l, const char *name, const struct ra_stat *st)
{
    *ra_vec_push(&l->out) = (struct ra_entry){name, *st};
}

/* The empty objects "a/b/" that consoles make to show a folder stand for nothing here. */
static bool is_marker(const char *name, const struct ra_stat *st)
{
    return !*name || (ra_ends_with(name, "/") && st->size == 0);
}

/* What a key of this store can be is an object; anything else that a bucket can hold is only pointed out. */
static void emit_object(struct list *l, const char *name, const struct ra_stat *st)
{
    struct ra_stat copy = *st;
    copy.kind = ra_key_valid(name, false) ? RA_OBJECT : RA_OTHER;
    if (!is_marker(name, st))
        emit(l, name, &copy);
}

static void add_deep(struct list *l, const char *name, const struct ra_stat *st)
{
    if (l->before && strcmp(name, l->before) >= 0)
        l->ended = true;
    else
        emit_object(l, name, st);
}

static void add_level(struct list *l, const char *name, const struct ra_stat *st)
{
    if (st->kind != RA_PREFIX) {
        emit_object(l, name, st);
        return;
    }
    size_t n = strlen(name);
    const char *folder = ra_arena_strndup(&l->names, name, n > 0 ? n - 1 : 0);
    struct ra_stat copy = *st;
    copy.kind = ra_key_valid(folder, false) ? RA_PREFIX : RA_OTHER;
    emit(l, folder, &copy);
}

static void end_group(struct list *l)
{
    if (l->group)
        emit(l, ra_arena_strdup(&l->names, l->group), &l->group_st);
    free(ra_steal_ptr(&l->group));
}

static void add_leaf(struct list *l, const char *name, const struct ra_stat *st)
{
    size_t n = strcspn(name, "/");
    if (!l->group || strncmp(l->group, name, n) != 0 || l->group[n]) {
        end_group(l);
        l->group = ra_strndup(name, n);
        l->group_st = (struct ra_stat){.kind = RA_PREFIX, .mtime = RA_TIME_NONE};
    }
    if (!name[n]) {
        l->group_st = *st;
        l->group_st.kind = RA_OTHER;
    } else if (ra_streq(name + n + 1, l->leaf)) {
        l->group_st = *st;
    }
}

static void add(struct list *l, const struct ra_entry *e, size_t skip)
{
    const char *name = e->name + skip;
    if (l->opts.mode == RA_LIST_DEEP)
        add_deep(l, name, &e->st);
    else if (l->opts.mode == RA_LIST_LEVEL)
        add_level(l, name, &e->st);
    else if (!is_marker(name, &e->st))
        add_leaf(l, name, &e->st);
}

/* 1: l->page.entries are the next ones; 0: there are no more. */
static int next_portion(struct list *l, struct ra_err *err)
{
    while (!ra_s3_page_unpack(&l->page)) {
        if (l->last)
            return 0;
        int rc = fetch(l, err);
        if (rc < 0)
            return rc;
    }
    return 1;
}

int ra_s3_list_next(struct ra_list *base, struct ra_page *page, struct ra_err *err)
{
    struct list *l = (struct list *)base;
    size_t skip = strlen(l->prefix);
    ra_arena_release(&l->names);
    l->out.n = 0;
    while (l->out.n == 0 && !l->ended) {
        int rc = next_portion(l, err);
        if (rc < 0)
            return rc;
        for (size_t i = 0; i < l->page.entries.n; i++)
            add(l, &l->page.entries.at[i], skip);
        if (rc == 0) {
            end_group(l);
            l->ended = true;
        }
    }
    *page = (struct ra_page){l->out.at, l->out.n};
    return l->out.n > 0;
}
