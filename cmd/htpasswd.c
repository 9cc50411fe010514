#include "help.h"
#include "htargs.h"
#include "htusers.h"
#include "prompt.h"
#include "verbs.h"

#include <limits.h>

/* --- what a person should know before a hash is made --- */

static void warn_of_password(const struct ra_htargs *a, const char *password)
{
    size_t n = strlen(password);
    if (a->how.kind == RA_PASSHASH_DES && n > RA_DES_MAX)
        ra_httalk("Warning: Password truncated to %d characters by CRYPT algorithm.", RA_DES_MAX);
    if (a->how.kind == RA_PASSHASH_BCRYPT && n > RA_BCRYPT_MAX && a->truncate)
        ra_httalk("Warning: Password truncated to %d bytes by bcrypt.", RA_BCRYPT_MAX);
    if (!a->apache && n == 0)
        ra_httalk("Warning: The password is empty.");
    if (!a->apache && a->source == RA_HTSOURCE_ARGUMENT && isatty(STDERR_FILENO))
        ra_httalk("Note: others can see a password on the command line; -i reads it from standard input.");
}

/* --- getting a password --- */

/* Copied, and taken out of the process list. */
static int take_argument(char *argument, struct ra_secret *out, struct ra_err *err)
{
    size_t n = strlen(argument);
    if (n >= sizeof(out->text))
        return ra_fail(err, RA_TOOBIG, "password too long (> %zu)", sizeof(out->text));
    memcpy(out->text, argument, n + 1);
    ra_wipe(argument, n);
    return 0;
}

static int ask_twice(struct ra_ctx *ctx, struct ra_secret *out, struct ra_err *err)
{
    RA_SECRET_AUTO again = {0};
    int rc = ra_secret_ask("New password: ", out, err);
    if (rc == 0)
        rc = ra_secret_ask("Re-type new password: ", &again, err);
    if (rc < 0 || strcmp(out->text, again.text) == 0)
        return rc;
    return ra_htfail(ctx, RA_HTSTATUS_MISMATCH, ra_fail(err, RA_INVALID, "password verification error"));
}

static int read_password(struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_secret *out,
                         struct ra_err *err)
{
    switch ((enum ra_htsource)a->source) {
    case RA_HTSOURCE_ARGUMENT:
        return take_argument(a->password, out, err);
    case RA_HTSOURCE_STDIN:
        return ra_secret_read(out, err);
    case RA_HTSOURCE_GENERATE:
        return ra_password_random(out->text, a->length, err);
    default:
        return a->verify ? ra_secret_ask("Enter password: ", out, err) : ask_twice(ctx, out, err);
    }
}

/* Where nothing is to be read nobody meant the empty password; but what Apache's -i makes of it, scripts may want. */
static int get_password(struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_secret *out,
                        struct ra_err *err)
{
    int rc = read_password(ctx, a, out, err);
    if (rc == -RA_NOTFOUND && a->apache && a->source == RA_HTSOURCE_STDIN) {
        ra_err_clear(err);
        return 0;
    }
    return rc == -RA_NOTFOUND ? ra_htfail(ctx, RA_HTSTATUS_MISMATCH, rc) : rc;
}

/* Before the file changes: it must not hold a password that nobody has seen. */
static int show_password(const struct ra_htargs *a, const struct ra_secret *password, struct ra_err *err)
{
    if (a->source != RA_HTSOURCE_GENERATE)
        return 0;
    if (puts(password->text) < 0 || fflush(stdout) != 0)
        return ra_fail_sys(err, "nothing was changed: cannot print the password");
    return 0;
}

/* --- one user --- */

static int make_hash(struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_secret *password,
                     char hash[static RA_PASSHASH_TEXT], struct ra_err *err)
{
    ra_htwarn_kind(a);
    int rc = get_password(ctx, a, password, err);
    if (rc < 0)
        return rc;
    warn_of_password(a, password->text);
    rc = ra_htpasswd_hash(&a->how, a->user, password->text, hash, err);
    return rc == -RA_INVALID ? ra_htfail(ctx, RA_HTSTATUS_MISMATCH, rc) : rc;
}

static int print_record(struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_err *err)
{
    RA_SECRET_AUTO password = {0};
    char hash[RA_PASSHASH_TEXT];
    int rc = make_hash(ctx, a, &password, hash, err);
    if (rc < 0)
        return rc;
    printf("%s:%s\n\n", a->user, hash);
    if (a->source == RA_HTSOURCE_GENERATE)
        ra_httalk("%s", password.text);
    return 0;
}

/* Apache's says it once a record. */
static void say_verb(const struct ra_htargs *a, const char *verb, size_t records)
{
    for (size_t i = 1; i < records && a->apache; i++)
        fprintf(stderr, "%s ", verb);
    ra_httalk("%s password for user %s", verb, a->user);
}

static int update(struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_err *err)
{
    RA_SECRET_AUTO password = {0};
    char hash[RA_PASSHASH_TEXT];
    int rc = ra_htpasswd_check_access(&a->file, err);
    if (rc < 0)
        return ra_htfail(ctx, RA_HTSTATUS_FILE, rc);
    rc = make_hash(ctx, a, &password, hash, err);
    if (rc < 0)
        return rc;
    rc = show_password(a, &password, err);
    if (rc < 0)
        return rc;
    struct ra_htchange change = {.user = a->user, .hash = hash};
    rc = ra_htpasswd_update(&a->file, &change, 1, err);
    if (rc < 0)
        return rc;
    say_verb(a, change.matched ? "Updating" : "Adding", change.matched);
    return 0;
}

static int delete (struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_err *err)
{
    struct ra_htchange change = {.user = a->user};
    int rc = ra_htpasswd_check_access(&a->file, err);
    if (rc < 0)
        return ra_htfail(ctx, RA_HTSTATUS_FILE, rc);
    rc = ra_htpasswd_update(&a->file, &change, 1, err);
    if (rc < 0)
        return rc;
    if (change.matched)
        say_verb(a, "Deleting", change.matched);
    else
        ra_httalk("User %s not found", a->user);
    return 0;
}

static int say_verdict(struct ra_ctx *ctx, enum ra_htverdict verdict, const char *user)
{
    switch (verdict) {
    case RA_HT_RIGHT:
        ra_httalk("Password for user %s correct.", user);
        return 0;
    case RA_HT_UNKNOWN:
        ra_httalk("User %s not found", user);
        ctx->status = RA_HTSTATUS_USER;
        return 0;
    case RA_HT_NO_HASH:
        ra_httalk("Empty hash for user %s", user);
        ctx->status = RA_HTSTATUS_INVALID;
        return 0;
    case RA_HT_WRONG:
        ra_httalk("password verification failed");
        ctx->status = RA_HTSTATUS_MISMATCH;
    }
    return 0;
}

static int verify(struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_err *err)
{
    RA_SECRET_AUTO password = {0};
    enum ra_htverdict verdict;
    if (access(a->file.path, F_OK) < 0)
        return ra_htpasswd_absent(a->file.path, err);
    int rc = get_password(ctx, a, &password, err);
    if (rc == 0)
        rc = ra_htpasswd_verify(a->file.path, a->user, password.text, a->apache, &verdict, err);
    if (rc < 0)
        return rc;
    return say_verdict(ctx, verdict, a->user);
}

/* --- the verb --- */

static enum ra_htstatus status_for(int rc)
{
    switch (-rc) {
    case RA_USAGE:
        return RA_HTSTATUS_SYNTAX;
    case RA_CORRUPT:
        return RA_HTSTATUS_INVALID;
    case RA_TOOBIG:
        return RA_HTSTATUS_TOO_LONG;
    case RA_CANCELLED:
        return RA_HTSTATUS_INTERRUPT;
    case RA_UNSUPPORTED:
        return RA_HTSTATUS_UNSUPPORTED;
    default:
        return RA_HTSTATUS_FILE;
    }
}

static int act(struct ra_ctx *ctx, const struct ra_htargs *a, struct ra_err *err)
{
    int rc = a->user ? ra_htpasswd_check_user(a->user, err) : 0;
    if (rc < 0)
        return rc == -RA_INVALID ? ra_htfail(ctx, RA_HTSTATUS_USER, rc) : rc;
    switch (a->action) {
    case RA_HT_UPDATE:
        return update(ctx, a, err);
    case RA_HT_PRINT:
        return print_record(ctx, a, err);
    case RA_HT_DELETE:
        return delete (ctx, a, err);
    case RA_HT_VERIFY:
        return verify(ctx, a, err);
    case RA_HT_BATCH:
        return ra_htusers_batch(ctx, a, err);
    case RA_HT_LIST:
        return ra_htusers_list(ctx, a, err);
    case RA_HT_CHECK:
        return ra_htusers_check(ctx, a, err);
    }
    return 0;
}

static void apache_usage(void)
{
    RA_BUF_AUTO text = {0};
    ra_buf_adds(&text, "Usage:\n"
                       "\thtpasswd [OPTIONS] passwordfile username\n"
                       "\thtpasswd -b [OPTIONS] passwordfile username password\n"
                       "\thtpasswd -n [OPTIONS] username\n"
                       "\thtpasswd -nb [OPTIONS] username password\n\n");
    ra_opt_help(&text, ra_htargs_table, 80);
    fputs(ra_buf_str(&text), stderr);
}

/* As Apache's program an error is told under its name. */
static int tell_as_apache(struct ra_ctx *ctx, int rc, struct ra_err *err)
{
    ra_httalk("%s: %s", ctx->link, ra_err_text(err));
    if (err->hint)
        ra_httalk("  %s", err->hint);
    if (rc == -RA_USAGE)
        apache_usage();
    return 0;
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    __attribute__((cleanup(ra_htargs_release))) struct ra_htargs a = ra_htargs_defaults;
    int rc = ra_htargs_parse(ctx, &a, err);
    if (rc == 0 && a.help) {
        ctx->status = 0;
        ra_help_verb(ctx->cmd, stdout);
        return 0;
    }
    bool own_words = a.action == RA_HT_LIST || a.action == RA_HT_CHECK;
    if (rc == 0)
        rc = act(ctx, &a, err);
    if (rc < 0 && a.found_in && err->code != RA_CANCELLED && !err->hint)
        ra_hint(err, rc, "the file is auth.htpasswd.path of %s", a.found_in);
    if (rc < 0 && ctx->status == 0 && !own_words)
        ctx->status = (int)status_for(rc);
    return rc < 0 && a.apache ? tell_as_apache(ctx, rc, err) : rc;
}

static const struct ra_example examples[] = {
    {"htpasswd -Bbn alice secret >> auth/htpasswd", "the line of every guide, without a container"},
    {"htpasswd -c auth/htpasswd alice", "begin a file, and be asked for the password"},
    {"htpasswd -g auth/htpasswd bob", "add a user with a made-up password"},
    {"htpasswd --batch auth/htpasswd < users.txt", "add many at once"},
    {"htpasswd -D auth/htpasswd bob", "take a user out; a running registry notices"},
    {"htpasswd check auth/htpasswd", "see what a registry will not like"},
    {0},
};

const struct ra_cmd ra_cmd_htpasswd = {
    .name = "htpasswd",
    .group = "People",
    .summary = "add, change, check and list the users of a registry",
    .operands = "[FILE] USER [PASSWORD]",
    .max = UINT_MAX,
    .complete = RA_COMPLETE_FILE,
    .prose =
        "Takes the options of Apache's htpasswd, and hashes with bcrypt, the only kind a registry takes. "
        "Options come before FILE. `regadm htpasswd list [FILE]` shows the users, `regadm htpasswd check "
        "[FILE]` what is wrong with the file. Without FILE the file is the one that the registry's "
        "configuration names. The file is replaced as a whole; a running registry notices at once. Called "
        "through a link named htpasswd, it is that program: the same defaults, output and exit status.",
    .opts = ra_htargs_table,
    .opts_size = sizeof(struct ra_htargs),
    .defaults = &ra_htargs_defaults,
    .examples = examples,
    .flags = RA_CMD_RAW_ARGS,
    .run = run,
};
