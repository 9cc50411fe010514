/*
 * Operands that are patterns of repositories (reference.h says how they match): which repositories a job should
 * look at, and which of the patterns met none.
 */
#ifndef RA_CMD_PATTERNS_H
#define RA_CMD_PATTERNS_H

#include "cmd.h"

#include <stdatomic.h>

struct ra_patterns { /* private */
    const struct ra_strlist *list;
    const char **names;   /* one each: without a host that the storage knows nothing of */
    atomic_bool *matched; /* likewise */
};

/* `list` is lent. No pattern at all wants everything. A name that is there only without its host counts so, which is
 * said. */
int ra_patterns_open(struct ra_ctx *ctx, const struct ra_strlist *list, struct ra_patterns *out,
                     struct ra_err *err);
void ra_patterns_release(struct ra_patterns *p);

/* For the `wanted` of a job, with arg a struct ra_patterns; from any thread. */
bool ra_patterns_want(void *arg, const char *repo);

/* Says that what was asked for by one name goes by another here. */
void ra_say_actual_name(struct ra_ctx *ctx, const char *asked, const char *actual);

/* After the job. A pattern that nothing matches is a mistake that should not look like an empty registry: each is
 * named on stderr, and makes the exit status 1. */
void ra_patterns_say_unmatched(struct ra_ctx *ctx, const struct ra_patterns *p);
/* Likewise after a job that keeps account of its patterns itself, in `matched` beside the list. */
void ra_patterns_say_unmatched_in(struct ra_ctx *ctx, const struct ra_strlist *list, const bool *matched);

#endif
