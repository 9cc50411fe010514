#include "htargs.h"

#include "base/num.h"
#include "registry/regconfig.h"

#include <stdarg.h>

extern char **environ;

#define OPT(member) offsetof(struct ra_htargs, member)

const struct ra_opt ra_htargs_table[] = {
    {"create", 'c', RA_OPT_FLAG, OPT(create), NULL, "begin a new FILE; what was in it is lost"},
    {"print", 'n', RA_OPT_FLAG, OPT(print), NULL, "print the record instead of changing a file"},
    {"verify", 'v', RA_OPT_FLAG, OPT(verify), NULL, "check the password of USER"},
    {"delete", 'D', RA_OPT_FLAG, OPT(remove), NULL, "delete USER"},
    {"batch", 0, RA_OPT_FLAG, OPT(batch), NULL,
     "read \"user:password\" lines from standard input, hash them on all processors and change FILE once"},
    {"argument", 'b', RA_OPT_PICK, OPT(source), NULL,
     "take the password from the command line, where others on this machine can see it",
     .min = RA_HTSOURCE_ARGUMENT},
    {"stdin", 'i', RA_OPT_PICK, OPT(source), NULL, "read the password from standard input, without asking",
     .min = RA_HTSOURCE_STDIN},
    {"generate", 'g', RA_OPT_FLAG, OPT(generate), NULL,
     "make up a password and print it once; with --batch, one for each name read"},
    {"length", 0, RA_OPT_UINT, OPT(length), "N", "characters of a made-up password (default 20)", .min = 12,
     .max = RA_GENERATED_MOST},
    {"bcrypt", 'B', RA_OPT_PICK, OPT(kind), NULL,
     "hash with bcrypt (default; called as htpasswd: apr1); registries take nothing else",
     .min = RA_PASSHASH_BCRYPT},
    {"cost", 'C', RA_OPT_STR, OPT(cost), "COST",
     "bcrypt's cost, 4 to 17: each step doubles the time (default 10; called as htpasswd: 5)"},
    {"sha256", '2', RA_OPT_PICK, OPT(kind), NULL, "hash with SHA-256 crypt", .min = RA_PASSHASH_SHA256},
    {"sha512", '5', RA_OPT_PICK, OPT(kind), NULL, "hash with SHA-512 crypt", .min = RA_PASSHASH_SHA512},
    {"rounds", 'r', RA_OPT_STR, OPT(cost), "ROUNDS", "rounds of SHA-256 and SHA-512 crypt (default 5000)"},
    {"md5", 'm', RA_OPT_PICK, OPT(kind), NULL, "hash with Apache's MD5 (apr1)", .min = RA_PASSHASH_APR1},
    {"des", 'd', RA_OPT_PICK, OPT(kind), NULL, "hash with crypt; 8 characters count; insecure",
     .min = RA_PASSHASH_DES},
    {"sha1", 's', RA_OPT_PICK, OPT(kind), NULL, "hash with SHA-1, unsalted; insecure",
     .min = RA_PASSHASH_SHA1},
    {"plain", 'p', RA_OPT_PICK, OPT(kind), NULL, "do not hash; insecure", .min = RA_PASSHASH_PLAIN},
    {"truncate", 0, RA_OPT_FLAG, OPT(truncate), NULL,
     "let bcrypt cut a password of more than 72 bytes, instead of refusing it"},
    {"in-place", 0, RA_OPT_FLAG, OPT(in_place), NULL,
     "write into FILE instead of replacing it: for a file that is mounted by itself"},
    {"mode", 0, RA_OPT_STR, OPT(mode), "MODE",
     "permissions of FILE, in octal (default: its own; 0600 for a new one)"},
    {"config", 0, RA_OPT_STR, OPT(config), "CONFIG",
     "take FILE from auth.htpasswd.path of this configuration of the registry", .complete = RA_COMPLETE_FILE},
    {"json", 0, RA_OPT_FLAG, OPT(json), NULL, "list, check: print one JSON object"},
    {"jobs", 'j', RA_OPT_UINT, OPT(jobs), "N", "--batch: use N threads (default: one a processor)", .min = 1,
     .max = 1024},
    {"no-progress", 0, RA_OPT_OFF, OPT(progress), NULL, "--batch: show no progress"},
    {"help", 'h', RA_OPT_FLAG, OPT(help), NULL, "show this help"},
    {0},
};

const struct ra_htargs ra_htargs_defaults = {.kind = -1, .progress = true, .length = 20, .file.mode = -1};

void ra_htargs_release(struct ra_htargs *a)
{
    free(a->found_path);
    free(a->found_in);
}

static int pick_action(struct ra_htargs *a, struct ra_err *err)
{
    if (a->create + a->print + a->verify + a->remove > 1)
        return ra_fail(err, RA_INVALID, "only one of -c -n -v -D may be specified");
    if (a->batch && (a->verify || a->remove))
        return ra_fail(err, RA_INVALID, "--batch goes with neither -v nor -D");
    if (a->generate && a->source != RA_HTSOURCE_PROMPT)
        return ra_fail(err, RA_INVALID, "only one of -b -g -i may be specified");
    if (a->generate)
        a->source = RA_HTSOURCE_GENERATE;
    if (a->verify && a->source == RA_HTSOURCE_GENERATE)
        return ra_fail(err, RA_INVALID, "-v cannot check a password that -g makes up");
    a->action = a->batch    ? RA_HT_BATCH
                : a->print  ? RA_HT_PRINT
                : a->verify ? RA_HT_VERIFY
                : a->remove ? RA_HT_DELETE
                            : RA_HT_UPDATE;
    return 0;
}

static int pick_hash(struct ra_htargs *a, struct ra_err *err)
{
    enum { APACHE_COST = 5 };
    a->how.truncate = a->truncate;
    a->how.kind = a->kind >= 0 ? (enum ra_passhash_kind)a->kind
                  : a->apache  ? RA_PASSHASH_APR1
                               : RA_PASSHASH_BCRYPT;
    if (a->apache && a->how.kind == RA_PASSHASH_BCRYPT)
        a->how.cost = APACHE_COST;
    if (a->cost && (!ra_parse_u64(a->cost, &a->how.cost) || a->how.cost == 0))
        return ra_fail(err, RA_INVALID, "argument to -C/-r must be a positive integer");
    return 0;
}

static int pick_mode(struct ra_htargs *a, struct ra_err *err)
{
    static const char octal[] = "01234567";
    size_t n = a->mode ? strlen(a->mode) : 0;
    if (!a->mode)
        return 0;
    if (n < 3 || n > 4 || strspn(a->mode, octal) != n || (n == 4 && a->mode[0] != '0'))
        return ra_fail(err, RA_INVALID, "'--mode' needs permissions in octal, such as 0640, not '%s'",
                       a->mode);
    a->file.mode = 0;
    for (const char *digit = a->mode; *digit; digit++)
        a->file.mode = a->file.mode * 8 + (*digit - '0');
    return 0;
}

/* --- the file, when none is named --- */

static int find_file(const struct ra_ctx *ctx, struct ra_htargs *a, struct ra_err *err)
{
    RA_REGCONFIG_AUTO config = {0};
    const char *const *env = (const char *const *)environ;
    const char *path = a->config ? a->config : ctx->g.config ? ctx->g.config : ra_regconfig_find(env);
    int rc = ra_regconfig_load(path, env, &config, err);
    if (rc == 0 && !config.htpasswd_path)
        rc = ra_fail(err, RA_NOTFOUND, "'%s' sets no auth.htpasswd.path", path ? path : "the environment");
    if (rc < 0)
        return ra_hint(err, ra_wrap(err, rc, "no FILE is named, and none is found"),
                       "name it: regadm htpasswd FILE USER");
    a->file.path = a->found_path = ra_strdup(config.htpasswd_path);
    a->found_in = ra_strdup(path ? path : "the environment");
    return 0;
}

/* The file without a user would be taken for a user without a file. */
static bool is_file_name(const struct ra_htargs *a, const char *operand)
{
    return !a->config && (strchr(operand, '/') || access(operand, F_OK) == 0);
}

/* --- operands --- */

static unsigned operands_wanted(const struct ra_htargs *a)
{
    bool lone = a->action == RA_HT_BATCH || a->action == RA_HT_LIST || a->action == RA_HT_CHECK;
    return !a->print + (lone ? 0 : 1 + (a->source == RA_HTSOURCE_ARGUMENT));
}

static int take_operands(struct ra_ctx *ctx, struct ra_htargs *a, int n, char **argv, struct ra_err *err)
{
    int wanted = (int)operands_wanted(a);
    bool finds_file = !a->apache && !a->print && n == wanted - 1;
    if (n != wanted && !finds_file)
        return ra_fail(err, RA_USAGE, "%s", n < wanted ? "too few arguments" : "too many arguments");
    if (finds_file && n > 0 && is_file_name(a, argv[0]))
        return ra_fail(err, RA_USAGE, "too few arguments: '%s' is the file, and no user is named", argv[0]);
    if (!a->print && !finds_file)
        a->file.path = *argv++, n--;
    if (n > 0)
        a->user = *argv++, n--;
    if (n > 0)
        a->password = *argv;
    a->file.create = a->create;
    a->file.in_place = a->in_place;
    ctx->status = 0;
    return finds_file ? find_file(ctx, a, err) : 0;
}

/* `list` and `check`, whose options may stand anywhere. */
static int parse_word(struct ra_ctx *ctx, struct ra_htargs *a, int at, struct ra_err *err)
{
    struct ra_opt_group group = {"Options", ra_htargs_table, a};
    a->action = ra_streq(ctx->argv[at], "list") ? RA_HT_LIST : RA_HT_CHECK;
    int rc = ra_opt_parse(&group, 1, ctx->argc - at - 1, ctx->argv + at + 1, false, &ctx->operands, err);
    if (rc < 0 || a->help)
        return rc < 0 ? rc : 0;
    rc = take_operands(ctx, a, (int)ctx->operands.n, (char **)ctx->operands.at, err);
    return rc;
}

/* Not behind -n or -b: there it is a user or a file. */
static bool is_word(const struct ra_htargs *a, const char *s)
{
    bool record = a->print || a->source == RA_HTSOURCE_ARGUMENT;
    return !a->apache && !record && (ra_streq(s, "list") || ra_streq(s, "check"));
}

int ra_htargs_parse(struct ra_ctx *ctx, struct ra_htargs *a, struct ra_err *err)
{
    struct ra_opt_group group = {"Options", ra_htargs_table, a};
    a->apache = ctx->link != NULL;
    ctx->status = RA_HTSTATUS_SYNTAX;
    int at = ra_opt_parse(&group, 1, ctx->argc, ctx->argv, true, &ctx->operands, err);
    if (at < 0 || a->help)
        return at < 0 ? at : 0;
    if (at < ctx->argc && is_word(a, ctx->argv[at]))
        return parse_word(ctx, a, at, err);
    int rc = pick_action(a, err);
    if (rc == 0)
        rc = pick_hash(a, err);
    if (rc == 0)
        rc = pick_mode(a, err);
    return rc < 0 ? rc : take_operands(ctx, a, ctx->argc - at, ctx->argv + at, err);
}

/* --- talk --- */

void ra_httalk(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

int ra_htfail(struct ra_ctx *ctx, enum ra_htstatus status, int rc)
{
    if (rc < 0)
        ctx->status = (int)status;
    return rc;
}

void ra_htwarn_kind(const struct ra_htargs *a)
{
    bool counted = a->how.kind == RA_PASSHASH_BCRYPT || a->how.kind == RA_PASSHASH_SHA256 ||
                   a->how.kind == RA_PASSHASH_SHA512;
    if (a->cost && !counted)
        ra_httalk("Warning: Ignoring -C/-r argument for this algorithm.");
    if (a->how.kind == RA_PASSHASH_PLAIN)
        ra_httalk("Warning: storing passwords as plain text might just not work on this platform.");
    if (a->cost && counted && a->how.kind != RA_PASSHASH_BCRYPT && a->how.cost < RA_SHACRYPT_LEAST)
        ra_httalk("Warning: %d rounds are used, the fewest that there can be.", RA_SHACRYPT_LEAST);
    if (!a->apache && a->how.kind != RA_PASSHASH_BCRYPT)
        ra_httalk("Warning: registries take bcrypt only (-B); nobody can log in with this %s hash.",
                  ra_passhash_name(a->how.kind));
}
