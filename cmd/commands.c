#include "cmd.h"

#include "verbs.h"

/* A line each, so that verbs can be added side by side. */
/* clang-format off */
const struct ra_cmd *const ra_commands[] = {
    &ra_cmd_ls,
    &ra_cmd_tags,
    &ra_cmd_inspect,
    &ra_cmd_find,
    &ra_cmd_du,
    &ra_cmd_report,
    &ra_cmd_rm,
    &ra_cmd_gc,
    &ra_cmd_fsck,
    &ra_cmd_export,
    &ra_cmd_import,
    &ra_cmd_archive,
    &ra_cmd_copy,
    &ra_cmd_migrate_v1,
    &ra_cmd_ls_v1,
    &ra_cmd_htpasswd,
    &ra_cmd_help,
    &ra_cmd_completion,
    &ra_cmd_version,
    &ra_cmd_complete,
    NULL,
};
/* clang-format on */

static bool is_called(const struct ra_cmd *cmd, const char *name)
{
    if (ra_streq(cmd->name, name))
        return true;
    for (const char *const *alias = cmd->aliases; alias && *alias; alias++)
        if (ra_streq(*alias, name))
            return true;
    return false;
}

const struct ra_cmd *ra_cmd_lookup(const char *name)
{
    for (const struct ra_cmd *const *c = ra_commands; *c; c++)
        if (is_called(*c, name))
            return *c;
    return NULL;
}

#define GLOBAL(member) offsetof(struct ra_globals, member)

static const char *const color_choices[] = {"auto", "always", "never", NULL};

/*
 * In the order of the help. `needs` names the flags of a verb of which one admits the option; 0: every verb has it.
 * Before a verb all may stand. There one that a verb lacks is of no account, unless it is `binding`: who asks for a
 * dry run or for JSON must not get something else. A binding one is a flag, its member a bool.
 */
static const struct {
    struct ra_opt opt;
    unsigned needs;
    bool binding;
} globals[] = {
    {{"root", 0, RA_OPT_STR, GLOBAL(root), "DIR", "the registry's root directory, or its docker/registry/v2",
      .complete = RA_COMPLETE_DIR},
     RA_CMD_STORE},
    {{"config", 0, RA_OPT_STR, GLOBAL(config), "FILE",
      "find the storage through this config.yml of the registry; --root goes first",
      .complete = RA_COMPLETE_FILE},
     RA_CMD_STORE},
    {{"dry-run", 'n', RA_OPT_FLAG, GLOBAL(dry_run), NULL, "say what would be done, and do nothing"},
     RA_CMD_DRY_RUN,
     true},
    {{"dry", 'd', RA_OPT_FLAG, GLOBAL(dry_run), NULL, "the registry's own letter for --dry-run",
      .flags = RA_OPT_HIDDEN},
     RA_CMD_CONFIG_OPERAND},
    {{"yes", 'y', RA_OPT_FLAG, GLOBAL(yes), NULL, "do not ask"}, RA_CMD_CONFIRM},
    {{"json", 0, RA_OPT_FLAG, GLOBAL(json), NULL, "print one JSON object"}, RA_CMD_JSON, true},
    {{"quiet", 'q', RA_OPT_FLAG, GLOBAL(quiet), NULL, "print names at most, and no talk"}, RA_CMD_QUIET},
    {{"jobs", 'j', RA_OPT_UINT, GLOBAL(jobs), "N", "use N threads (default: one a processor)", .min = 1,
      .max = 1024},
     RA_CMD_STORE | RA_CMD_LONG},
    {{"follow-symlinks", 0, RA_OPT_FLAG, GLOBAL(follow), NULL,
      "follow symbolic links that lead out of the root"},
     RA_CMD_STORE},
    {{"verbose", 'v', RA_OPT_COUNT, GLOBAL(verbose), NULL, "say more; twice: still more"}, 0},
    {{"color", 0, RA_OPT_ENUM, GLOBAL(color), "WHEN", "colour: auto, always or never",
      .choices = color_choices},
     0},
    {{"no-progress", 0, RA_OPT_OFF, GLOBAL(progress), NULL, "show no progress"}, RA_CMD_STORE | RA_CMD_LONG},
    {{"help", 'h', RA_OPT_FLAG, GLOBAL(help), NULL, "show this help"}, 0},
    {{"version", 'V', RA_OPT_FLAG, GLOBAL(version), NULL, "show the version"}, 0},
};

const char *ra_cmd_lacks(const struct ra_cmd *cmd, const struct ra_globals *given)
{
    for (size_t i = 0; i < RA_COUNT(globals); i++) {
        const bool *flag = (const bool *)((const char *)given + globals[i].opt.offset);
        if (globals[i].binding && !(cmd->flags & globals[i].needs) && *flag)
            return globals[i].opt.name;
    }
    return NULL;
}

/* A verb's own option wins over a shared one of the same name, which then goes before the verb. */
static bool has_own(const struct ra_cmd *cmd, const char *name)
{
    struct ra_opt_group own = {NULL, cmd ? cmd->opts : NULL, NULL};
    return ra_opt_find(&own, 1, name) != NULL;
}

void ra_cmd_globals(const struct ra_cmd *cmd, struct ra_opt rows[static RA_GLOBAL_ROWS])
{
    size_t n = 0;
    bool none = cmd && (cmd->flags & RA_CMD_RAW_ARGS);
    for (size_t i = 0; !none && i < RA_COUNT(globals); i++) {
        bool admitted = !cmd || globals[i].needs == 0 || (cmd->flags & globals[i].needs);
        bool only_alone = ra_streq(globals[i].opt.name, "version");
        if (admitted && !(cmd && only_alone) && !has_own(cmd, globals[i].opt.name))
            rows[n++] = globals[i].opt;
    }
    rows[n] = (struct ra_opt){0};
}
