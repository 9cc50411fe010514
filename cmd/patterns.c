#include "patterns.h"

#include "registry/read.h"
#include "registry/reference.h"

void ra_say_actual_name(struct ra_ctx *ctx, const char *asked, const char *actual)
{
    ra_say(ctx, "'%s' is called '%s' in this storage", asked, actual);
}

int ra_patterns_open(struct ra_ctx *ctx, const struct ra_strlist *list, struct ra_patterns *out,
                     struct ra_err *err)
{
    *out = (struct ra_patterns){list, ra_calloc(list->n, sizeof(*out->names)),
                                ra_calloc(list->n, sizeof(*out->matched))};
    for (size_t i = 0; i < list->n; i++) {
        bool stripped;
        int rc = ra_repo_resolve_below(ctx->job.store, list->at[i], &out->names[i], &stripped, err);
        if (rc < 0)
            return rc;
        if (stripped)
            ra_say_actual_name(ctx, list->at[i], out->names[i]);
    }
    return 0;
}

void ra_patterns_release(struct ra_patterns *p)
{
    free(p->names);
    free(p->matched);
    *p = (struct ra_patterns){0};
}

bool ra_patterns_want(void *arg, const char *repo)
{
    const struct ra_patterns *p = arg;
    bool wanted = p->list->n == 0;
    for (size_t i = 0; i < p->list->n; i++)
        if (ra_repo_matches(p->names[i], repo)) {
            atomic_store_explicit(&p->matched[i], true, memory_order_relaxed);
            wanted = true;
        }
    return wanted;
}

static void say_unmatched(struct ra_ctx *ctx, const char *pattern)
{
    RA_BUF_AUTO safe = {0};
    ra_text_safe(&safe, pattern, strlen(pattern));
    ra_say(ctx, "no %s matches '%s'", strchr(pattern, ':') ? "tag" : "repository", ra_buf_str(&safe));
    ctx->partial = true;
}

void ra_patterns_say_unmatched(struct ra_ctx *ctx, const struct ra_patterns *p)
{
    for (size_t i = 0; i < p->list->n; i++)
        if (!atomic_load_explicit(&p->matched[i], memory_order_relaxed))
            say_unmatched(ctx, p->list->at[i]);
}

void ra_patterns_say_unmatched_in(struct ra_ctx *ctx, const struct ra_strlist *list, const bool *matched)
{
    for (size_t i = 0; i < list->n; i++)
        if (!matched[i])
            say_unmatched(ctx, list->at[i]);
}
