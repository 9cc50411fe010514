#include "patterns.h"

#include "registry/reference.h"

struct ra_patterns ra_patterns_new(const struct ra_strlist *list)
{
    return (struct ra_patterns){list, ra_calloc(list->n, sizeof(atomic_bool))};
}

void ra_patterns_release(struct ra_patterns *p)
{
    free(p->matched);
    *p = (struct ra_patterns){0};
}

bool ra_patterns_want(void *arg, const char *repo)
{
    const struct ra_patterns *p = arg;
    bool wanted = p->list->n == 0;
    for (size_t i = 0; i < p->list->n; i++)
        if (ra_repo_matches(p->list->at[i], repo)) {
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
