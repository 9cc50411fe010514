#include "verbs.h"

#include "jobs/suggest.h"

/* `regadm __complete repos|refs PREFIX`: what the completion scripts ask (shells.h). */
static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    RA_AUTO(ra_suggestions, _release) found = {0};
    const char *what = ctx->operands.at[0], *prefix = ctx->operands.at[1];
    if (!ra_streq(what, "repos") && !ra_streq(what, "refs"))
        return ra_fail(err, RA_USAGE, "'%s' is neither repos nor refs", what);
    bool refs = ra_streq(what, "refs");
    int rc = refs ? ra_suggest_refs(&ctx->job, prefix, &found, err)
                  : ra_suggest_repos(&ctx->job, prefix, &found, err);
    ra_vec_each (name, &found.names)
        puts(*name);
    return rc;
}

const struct ra_cmd ra_cmd_complete = {
    .name = "__complete",
    .group = "Other",
    .summary = "list what a word can be completed to",
    .operands = "repos|refs PREFIX",
    .min = 2,
    .max = 2,
    .flags = RA_CMD_STORE | RA_CMD_HIDDEN,
    .run = run,
};
