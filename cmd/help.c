#include "help.h"

#include "verbs.h"

enum { WIDTH = 80 };

static void print_group(const char *group, FILE *out)
{
    fprintf(out, "\n%s\n", group);
    for (const struct ra_cmd *const *c = ra_commands; *c; c++)
        if (!((*c)->flags & RA_CMD_HIDDEN) && ra_streq((*c)->group, group))
            fprintf(out, "  %-12s %s\n", (*c)->name, (*c)->summary);
}

static bool is_first_of_group(const struct ra_cmd *const *verb)
{
    for (const struct ra_cmd *const *c = ra_commands; c < verb; c++)
        if (!((*c)->flags & RA_CMD_HIDDEN) && ra_streq((*c)->group, (*verb)->group))
            return false;
    return true;
}

void ra_help_overview(FILE *out)
{
    fputs("usage: regadm [--root DIR | --config FILE] VERB [OPTIONS] [ARGUMENTS]\n\n"
          "Administers the storage of a Docker or OCI registry where it lies.\n",
          out);
    for (const struct ra_cmd *const *c = ra_commands; *c; c++)
        if (!((*c)->flags & RA_CMD_HIDDEN) && is_first_of_group(c))
            print_group((*c)->group, out);
    RA_BUF_AUTO text = {0};
    struct ra_opt rows[RA_GLOBAL_ROWS];
    ra_cmd_globals(NULL, rows);
    ra_buf_adds(&text, "\nOptions that many verbs share\n");
    ra_opt_help(&text, rows, WIDTH);
    fputs(ra_buf_str(&text), out);
    fputs("\nThe storage is found through --root, --config, $REGADM_ROOT,\n"
          "$REGISTRY_CONFIGURATION_PATH, /etc/distribution/config.yml,\n"
          "/etc/docker/registry/config.yml, /var/lib/registry; the first that is there.\n"
          "\n`regadm VERB --help` says more about a verb; regadm(1) is the manual.\n",
          out);
}

static void print_aliases(const struct ra_cmd *cmd, struct ra_buf *text)
{
    for (const char *const *alias = cmd->aliases; alias && *alias; alias++)
        ra_buf_addf(text, "%s%s", alias == cmd->aliases ? "\nAlso called: " : ", ", *alias);
    if (cmd->aliases && *cmd->aliases)
        ra_buf_addc(text, '\n');
}

void ra_help_verb(const struct ra_cmd *cmd, FILE *out)
{
    RA_BUF_AUTO text = {0};
    struct ra_opt rows[RA_GLOBAL_ROWS];
    ra_buf_addf(&text, "usage: regadm %s [OPTIONS]%s%s\n\n", cmd->name, cmd->operands ? " " : "",
                cmd->operands ? cmd->operands : "");
    ra_wrap_text(&text, cmd->prose ? cmd->prose : cmd->summary, 0, 0, WIDTH);
    ra_buf_addc(&text, '\n');
    if (cmd->opts && cmd->opts->name) {
        ra_buf_adds(&text, "\nOptions\n");
        ra_opt_help(&text, cmd->opts, WIDTH);
    }
    ra_cmd_globals(cmd, rows);
    if (rows[0].name)
        ra_buf_adds(&text, "\nCommon options\n");
    ra_opt_help(&text, rows, WIDTH);
    if (cmd->examples && cmd->examples->command)
        ra_buf_adds(&text, "\nExamples\n");
    for (const struct ra_example *e = cmd->examples; e && e->command; e++) {
        ra_buf_adds(&text, "  ");
        ra_wrap_text(&text, e->what, 2, 2, WIDTH);
        ra_buf_addf(&text, ":\n      regadm %s\n", e->command);
    }
    print_aliases(cmd, &text);
    fputs(ra_buf_str(&text), out);
}

void ra_help_usage(const struct ra_cmd *cmd, FILE *out)
{
    fprintf(out, "usage: regadm %s [OPTIONS]%s%s\n", cmd->name, cmd->operands ? " " : "",
            cmd->operands ? cmd->operands : "");
    fprintf(out, "`regadm %s --help` says more.\n", cmd->name);
}

const char *ra_help_nearest(const char *name)
{
    const char *best = NULL;
    unsigned least = 3;
    for (const struct ra_cmd *const *c = ra_commands; *c; c++) {
        unsigned far = ra_edit_distance(name, (*c)->name);
        if (!((*c)->flags & RA_CMD_HIDDEN) && far < least) {
            best = (*c)->name;
            least = far;
        }
        for (const char *const *alias = (*c)->aliases; alias && *alias; alias++)
            if (ra_edit_distance(name, *alias) < least) {
                best = *alias;
                least = ra_edit_distance(name, *alias);
            }
    }
    return best;
}

static int run_help(struct ra_ctx *ctx, struct ra_err *err)
{
    if (ctx->operands.n == 0) {
        ra_help_overview(stdout);
        return 0;
    }
    const char *name = ctx->operands.at[0];
    const struct ra_cmd *cmd = ra_cmd_lookup(name);
    if (!cmd) {
        int rc = ra_fail(err, RA_USAGE, "there is no verb '%s'", name);
        const char *near = ra_help_nearest(name);
        return near ? ra_hint(err, rc, "did you mean '%s'? `regadm help` lists them all", near)
                    : ra_hint(err, rc, "`regadm help` lists them");
    }
    ra_help_verb(cmd, stdout);
    return 0;
}

const struct ra_cmd ra_cmd_help = {
    .name = "help",
    .group = "Other",
    .summary = "show what regadm can do, or what a verb does",
    .operands = "[VERB]",
    .max = 1,
    .complete = RA_COMPLETE_VERB,
    .run = run_help,
};

static int run_version(struct ra_ctx *ctx, struct ra_err *err)
{
    (void)ctx;
    (void)err;
    puts("regadm " RA_VERSION);
    return 0;
}

const struct ra_cmd ra_cmd_version = {
    .name = "version",
    .group = "Other",
    .summary = "show the version",
    .run = run_version,
};
