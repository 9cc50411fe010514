#include "shells.h"

#include "verbs.h"

const struct ra_shell ra_shells[] = {
    {"bash", "regadm.bash", ra_shell_bash},
    {"zsh", "regadm.zsh", ra_shell_zsh},
    {"fish", "regadm.fish", ra_shell_fish},
    {0},
};
const char *const ra_shell_names[] = {"bash", "zsh", "fish", NULL};

void ra_shell_each_verb(struct ra_buf *out, void (*write)(struct ra_buf *out, const struct ra_cmd *cmd))
{
    for (const struct ra_cmd *const *c = ra_commands; *c; c++)
        if (!((*c)->flags & RA_CMD_HIDDEN))
            write(out, *c);
}

void ra_shell_each_option(struct ra_buf *out, const struct ra_cmd *cmd,
                          void (*write)(struct ra_buf *out, const struct ra_cmd *cmd,
                                        const struct ra_opt *opt))
{
    struct ra_opt shared[RA_GLOBAL_ROWS];
    ra_cmd_globals(cmd, shared);
    for (const struct ra_opt *o = cmd ? cmd->opts : NULL; o && o->name; o++)
        if (!(o->flags & RA_OPT_HIDDEN))
            write(out, cmd, o);
    for (const struct ra_opt *o = shared; o->name; o++)
        write(out, cmd, o);
}

void ra_shell_names_of(struct ra_buf *out, const struct ra_cmd *cmd, const char *between)
{
    ra_buf_adds(out, cmd->name);
    for (const char *const *alias = cmd->aliases; alias && *alias; alias++)
        ra_buf_addf(out, "%s%s", between, *alias);
}

void ra_shell_words(struct ra_buf *out, const char *const *words)
{
    for (const char *const *word = words; *word; word++)
        ra_buf_addf(out, "%s%s", word == words ? "" : " ", *word);
}

void ra_shell_gist(struct ra_buf *out, const char *help, const char *special, const char *escape)
{
    static const char *const ends[] = {"; ", ": ", ". ", " ("};
    size_t n = strlen(help);
    for (size_t i = 0; i < RA_COUNT(ends); i++) {
        const char *end = strstr(help, ends[i]);
        if (end && (size_t)(end - help) < n)
            n = (size_t)(end - help);
    }
    for (size_t i = 0; i < n; i++) {
        if (strchr(special, help[i]))
            ra_buf_adds(out, escape);
        ra_buf_addc(out, help[i]);
    }
}

static int run_completion(struct ra_ctx *ctx, struct ra_err *err)
{
    for (const struct ra_shell *shell = ra_shells; shell->name; shell++)
        if (ra_streq(shell->name, ctx->operands.at[0])) {
            RA_BUF_AUTO script = {0};
            shell->write(&script);
            fputs(ra_buf_str(&script), stdout);
            return 0;
        }
    int rc = ra_fail(err, RA_USAGE, "there is no completion for '%s'", ctx->operands.at[0]);
    return ra_hint(err, rc, "the shells are bash, zsh and fish");
}

const struct ra_cmd ra_cmd_completion = {
    .name = "completion",
    .group = "Other",
    .summary = "print what makes a shell complete regadm's command lines",
    .operands = "SHELL",
    .min = 1,
    .max = 1,
    .complete = RA_COMPLETE_SHELL,
    .prose = "Prints a script for bash, zsh or fish. `make install` puts the same scripts where the shells "
             "look for them; this is for a regadm that was only copied.",
    .examples =
        (const struct ra_example[]){
            {"completion bash > ~/.local/share/bash-completion/completions/regadm", "for bash"},
            {"completion zsh > ~/.zfunc/_regadm", "for zsh, with ~/.zfunc in its fpath"},
            {"completion fish > ~/.config/fish/completions/regadm.fish", "for fish"},
            {0},
        },
    .run = run_completion,
};
