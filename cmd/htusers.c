#include "htusers.h"

#include "print.h"
#include "rows.h"

#include "base/num.h"
#include "jobs/htcheck.h"

/* Before the file changes: it must not hold passwords that nobody has seen. */
static int print_batch(const struct ra_htargs *a, const struct ra_htbatch *b, struct ra_err *err)
{
    ra_vec_each (e, &b->entries)
        if (a->print)
            printf("%s:%s\n", e->user, e->hash);
    ra_vec_each (e, &b->entries)
        if (a->source == RA_HTSOURCE_GENERATE)
            fprintf(a->print ? stderr : stdout, "%s:%s\n", e->user, e->password);
    if (fflush(stdout) != 0 || ferror(stdout))
        return ra_fail_sys(err, "%s",
                           a->print ? "cannot write the output"
                                    : "nothing was changed: cannot print the passwords");
    return 0;
}

static int write_batch(const struct ra_htargs *a, const struct ra_htbatch *b, struct ra_err *err)
{
    size_t added = 0;
    char users[RA_COUNT_OF_TEXT];
    int rc = ra_htbatch_update(&a->file, b, &added, err);
    if (rc == 0)
        ra_httalk("Adding %s, updating %zu", ra_count_of(added, "user", users), b->entries.n - added);
    return rc;
}

int ra_htusers_batch(struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_err *err)
{
    RA_HTBATCH_AUTO b = {0};
    int rc = a->print ? 0 : ra_htpasswd_check_access(&a->file, err);
    if (rc < 0)
        return ra_htfail(ctx, RA_HTSTATUS_FILE, rc);
    ra_htwarn_kind(a);
    unsigned generate = a->source == RA_HTSOURCE_GENERATE ? (unsigned)a->length : 0;
    rc = ra_htbatch_read(STDIN_FILENO, generate, &b, err);
    if (rc < 0)
        return ra_htfail(ctx, rc == -RA_INVALID ? RA_HTSTATUS_INVALID : 0, rc);
    ctx->job.threads = a->jobs ? (unsigned)a->jobs : ctx->job.threads;
    ctx->job.progress = ra_progress_start(a->progress && isatty(STDERR_FILENO));
    rc = ra_htbatch_hash(&ctx->job, &a->how, &b, err);
    if (rc < 0)
        return rc == -RA_INVALID ? ra_htfail(ctx, RA_HTSTATUS_MISMATCH, rc) : rc;
    ra_progress_hide(ctx->job.progress);
    rc = print_batch(a, &b, err);
    return rc < 0 || a->print ? rc : write_batch(a, &b, err);
}

/* --- list and check --- */

static int list_json(struct ra_ctx *ctx, const struct ra_htlist *list, struct ra_err *err)
{
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key(&w, "users");
    ra_jsonw_array(&w);
    ra_vec_each (u, &list->users) {
        ra_jsonw_object(&w);
        ra_jsonw_key(&w, "user");
        ra_jsonw_strn(&w, u->line.user, u->line.user_n);
        ra_jsonw_key_str(&w, "algorithm", ra_passhash_name(u->hash.kind));
        ra_jsonw_key(&w, "cost");
        u->hash.cost ? ra_jsonw_u64(&w, u->hash.cost) : ra_jsonw_null(&w);
        ra_jsonw_key_u64(&w, "line", u->line.number);
        ra_jsonw_key_bool(&w, "accepted", u->accepted);
        ra_jsonw_end(&w);
    }
    ra_jsonw_end(&w);
    return ra_json_close(&w, ctx, err);
}

static void list_rows(const struct ra_htlist *list)
{
    static const struct ra_column columns[] = {
        {"USER", RA_LEFT, .elastic = true},
        {"ALGORITHM", RA_LEFT},
        {"COST", RA_RIGHT},
        {"ACCEPTED", RA_LEFT},
        {"LINE", RA_RIGHT},
        {0},
    };
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    ra_vec_each (u, &list->users) {
        ra_cellf(rows, "%.*s", (int)u->line.user_n, u->line.user);
        ra_cell(rows, ra_passhash_name(u->hash.kind));
        u->hash.cost ? ra_cellf(rows, "%llu", (unsigned long long)u->hash.cost) : ra_cell(rows, "-");
        ra_cell(rows, u->accepted ? "yes" : u->hidden_by ? "no: again below" : "no");
        ra_cellf(rows, "%zu", u->line.number);
    }
    ra_rows_print(rows, stdout);
}

int ra_htusers_list(struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_err *err)
{
    RA_HTLIST_AUTO users = {0};
    int rc = ra_htpasswd_list(a->file.path, &users, err);
    if (rc < 0)
        return rc;
    if (users.refused)
        ra_say(ctx,
               "the registry refuses the whole file because of line %zu; `regadm htpasswd check` says why",
               users.refused);
    if (a->json)
        return list_json(ctx, &users, err);
    list_rows(&users);
    return 0;
}

int ra_htusers_check(struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_err *err)
{
    struct ra_jsonw w;
    int rc = ra_htpasswd_check(&ctx->job, a->file.path, err);
    if (rc < 0 || !a->json)
        return rc;
    ra_json_open(&w, ctx);
    return ra_json_close(&w, ctx, err);
}
