#include "print.h"

#include "base/pool.h"
#include "registry/layout.h"
#include "registry/storage.h"

#include <sys/ioctl.h>

bool ra_stdout_is_terminal(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

size_t ra_terminal_width(FILE *stream)
{
    struct winsize w;
    if (!isatty(fileno(stream)))
        return SIZE_MAX;
    return ioctl(fileno(stream), TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

bool ra_use_color(const struct ra_ctx *ctx, FILE *stream)
{
    if (ctx->g.color != RA_COLOR_AUTO)
        return ctx->g.color == RA_COLOR_ALWAYS;
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return !(no && *no) && term && !ra_streq(term, "dumb") && isatty(fileno(stream));
}

static void say(const struct ra_ctx *ctx, const char *fmt, va_list args)
{
    ra_auto_free char *text = ra_vasprintf(fmt, args);
    ra_progress_hide(ctx->job.progress);
    fflush(stdout); /* in order, where both go to one place */
    ra_print_wrapped("regadm: ", text, 8);
    ra_progress_show(ctx->job.progress);
}

void ra_say(const struct ra_ctx *ctx, const char *fmt, ...)
{
    if (ctx->g.quiet)
        return;
    va_list args;
    va_start(args, fmt);
    say(ctx, fmt, args);
    va_end(args);
}

void ra_say_verbose(const struct ra_ctx *ctx, unsigned level, const char *fmt, ...)
{
    if (ctx->g.verbose < level)
        return;
    va_list args;
    va_start(args, fmt);
    say(ctx, fmt, args);
    va_end(args);
}

void ra_say_kept_versions(const struct ra_ctx *ctx)
{
    bool kept = false;
    if (!ctx->g.quiet && ra_store_keeps_removed(ctx->job.store, &kept, NULL) == 0 && kept)
        ra_say(ctx, "the bucket has versioning: what is removed stays as noncurrent versions, and so does "
                    "its space; regadm-store(7) tells how to get either back");
}

void ra_warn_of_owner(struct ra_ctx *ctx, struct ra_store *store)
{
    if (ra_storage_is_owned(store, NULL) == 1)
        ra_find(&ctx->findings, RA_WARNING, "database-in-use",
                &(struct ra_place){.path = RA_DATABASE_LOCKFILE},
                "the metadata of this registry are in a database: what the tree shows may be incomplete");
}

void ra_end_progress(struct ra_ctx *ctx)
{
    ra_progress_stop(ctx->job.progress);
    ctx->job.progress = NULL;
}

/* Whether a line says yes. Where it ends otherwise than by a line end, what follows begins a new line. */
static int read_yes(struct ra_err *err)
{
    RA_BUF_AUTO answer = {.limit = 4096};
    char c = '\0';
    int rc;
    while ((rc = ra_wait_readable(STDIN_FILENO, err)) == 0 && read(STDIN_FILENO, &c, 1) == 1 && c != '\n' &&
           ra_buf_room(&answer, 1))
        ra_buf_addc(&answer, c);
    if (c != '\n')
        fputc('\n', stderr);
    if (rc < 0)
        return rc;
    return strcasecmp(ra_buf_str(&answer), "y") == 0 || strcasecmp(ra_buf_str(&answer), "yes") == 0;
}

int ra_confirm(const struct ra_ctx *ctx, struct ra_err *err, const char *question, ...)
{
    if (ctx->g.yes || ctx->g.dry_run)
        return 0;
    va_list args;
    va_start(args, question);
    ra_auto_free char *text = ra_vasprintf(question, args);
    va_end(args);
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        int rc = ra_fail(err, RA_DENIED,
                         "nothing was changed: this needs a yes, and there is no terminal to ask on");
        return ra_hint(err, rc, "look at it with --dry-run, then answer with --yes");
    }
    ra_progress_hide(ctx->job.progress);
    fprintf(stderr, "%s [y/N] ", text);
    int yes = read_yes(err);
    ra_progress_show(ctx->job.progress);
    if (yes < 0)
        return ra_hint(err, yes, "nothing was changed");
    return yes ? 0 : ra_fail(err, RA_DENIED, "nothing was changed: the answer was not yes");
}
