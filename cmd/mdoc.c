#include "mdoc.h"

#include <ctype.h>

enum { WIDTH = 78 };

/* --- text ---------------------------------------------------------------------------------------------------- */

/* One word, with what roff would take for its own made plain. */
static void add_word(struct ra_buf *out, const char *word, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (word[i] == '\\')
            ra_buf_adds(out, "\\e");
        else
            ra_buf_addc(out, word[i]);
}

/* A sentence's end, by the look of it: a new line begins behind it, as mdoc wants. */
static bool ends_sentence(const char *word, size_t n)
{
    return n > 2 && word[n - 1] == '.' && word[n - 2] != '.';
}

/* Wrapped text with a capital at its start and a full stop at its end, and a newline. */
static void add_text(struct ra_buf *out, const char *text)
{
    size_t column = 0;
    bool first = true;
    while (*text) {
        size_t n = strcspn(text, " \n");
        if (column > 0 && column + 1 + n > WIDTH) {
            ra_buf_addc(out, '\n');
            column = 0;
        }
        if (column > 0)
            ra_buf_addc(out, ' ');
        else if (*text == '.' || *text == '\'')
            ra_buf_adds(out, "\\&");
        if (first && islower((unsigned char)*text) && n > 0)
            ra_buf_addc(out, (char)toupper((unsigned char)*text)), add_word(out, text + 1, n - 1);
        else
            add_word(out, text, n);
        column += n + 1;
        first = false;
        bool new_line = ends_sentence(text, n);
        text += n;
        text += strspn(text, " \n");
        if (new_line && *text) {
            ra_buf_addc(out, '\n');
            column = 0;
        }
    }
    if (out->len > 0 && !strchr(".:!?", out->data[out->len - 1]))
        ra_buf_addc(out, '.');
    ra_buf_addc(out, '\n');
}

/* A macro's argument: quotes doubled, backslashes plain. */
static void add_argument(struct ra_buf *out, const char *s)
{
    ra_buf_addc(out, '"');
    for (; *s; s++)
        ra_buf_adds(out, *s == '"' ? "\\(dq" : *s == '\\' ? "\\e" : (char[]){*s, 0});
    ra_buf_addc(out, '"');
}

/* --- synopsis ------------------------------------------------------------------------------------------------ */

static void add_words(struct ra_buf *out, const char *s, size_t n)
{
    for (size_t at = 0; at < n;) {
        size_t len = strcspn(s + at, " .");
        if (len > n - at)
            len = n - at;
        if (len)
            ra_buf_addf(out, " %.*s", (int)len, s + at);
        at += len;
        size_t dots = strspn(s + at, ".");
        if (dots)
            ra_buf_adds(out, " ...");
        at += dots + strspn(s + at + dots, " ");
    }
}

/* "REPO... [TAG]" as macros. */
static void add_operands(struct ra_buf *out, const char *s)
{
    while (s && *s) {
        bool optional = *s == '[';
        size_t n = optional ? strcspn(s, "]") : strcspn(s, " ");
        ra_buf_adds(out, optional ? ".Op Ar" : ".Ar");
        add_words(out, s + optional, n - optional);
        ra_buf_addc(out, '\n');
        s += n;
        s += strspn(s, "] ");
    }
}

static void add_flag(struct ra_buf *out, const struct ra_opt *opt)
{
    if (opt->letter)
        ra_buf_addf(out, " Fl %c", opt->letter);
    else
        ra_buf_addf(out, " Fl -%s", opt->name);
    if (ra_opt_has_value(opt))
        ra_buf_addf(out, " Ar %s", opt->arg);
}

void ra_mdoc_synopsis(struct ra_buf *out, const struct ra_cmd *cmd)
{
    ra_buf_addf(out, ".Nm regadm %s\n", cmd->name);
    for (const struct ra_opt *o = cmd->opts; o && o->name; o++)
        if (!(o->flags & RA_OPT_HIDDEN)) {
            ra_buf_adds(out, ".Op");
            add_flag(out, o);
            ra_buf_addc(out, '\n');
        }
    if (!(cmd->flags & RA_CMD_RAW_ARGS))
        ra_buf_adds(out, ".Op Ar common options\n");
    add_operands(out, cmd->operands);
}

/* --- options ------------------------------------------------------------------------------------------------- */

static void add_option(struct ra_buf *out, const struct ra_opt *opt)
{
    if (opt->flags & RA_OPT_HIDDEN)
        return;
    ra_buf_adds(out, ".It");
    if (opt->letter)
        ra_buf_addf(out, " Fl %c ,", opt->letter);
    ra_buf_addf(out, " Fl -%s", opt->name);
    if (ra_opt_has_value(opt))
        ra_buf_addf(out, opt->flags & RA_OPT_OPTIONAL ? " Ns Op = Ns Ar %s" : " Ar %s", opt->arg);
    ra_buf_addc(out, '\n');
    add_text(out, opt->help);
    if (!opt->choices || strstr(opt->help, opt->choices[0]))
        return;
    ra_buf_adds(out, "One of");
    for (const char *const *choice = opt->choices; *choice; choice++)
        ra_buf_addf(out, "%s %s", choice == opt->choices ? "" : ",", *choice);
    ra_buf_adds(out, ".\n");
}

static void add_table(struct ra_buf *out, const struct ra_opt *opts)
{
    ra_buf_adds(out, ".Bl -tag -width Ds\n");
    for (const struct ra_opt *o = opts; o->name; o++)
        add_option(out, o);
    ra_buf_adds(out, ".El\n");
}

void ra_mdoc_options(struct ra_buf *out, const struct ra_cmd *cmd)
{
    struct ra_opt shared[RA_GLOBAL_ROWS];
    ra_cmd_globals(cmd, shared);
    if (cmd && cmd->opts && cmd->opts->name) {
        add_table(out, cmd->opts);
        ra_buf_adds(out, shared[0].name ? ".Ss Common options\n" : "");
    }
    if (shared[0].name)
        add_table(out, shared);
}

/* --- lists --------------------------------------------------------------------------------------------------- */

void ra_mdoc_verbs(struct ra_buf *out, const struct ra_cmd *cmd)
{
    (void)cmd;
    const char *group = NULL;
    for (const struct ra_cmd *const *c = ra_commands; *c; c++) {
        if ((*c)->flags & RA_CMD_HIDDEN)
            continue;
        if (!group || !ra_streq(group, (*c)->group)) {
            ra_buf_addf(out, "%s.Ss %s\n.Bl -tag -width \"migrate-v1\"\n", group ? ".El\n" : "", (*c)->group);
            group = (*c)->group;
        }
        ra_buf_addf(out, ".It Cm %s\n", (*c)->name);
        add_text(out, (*c)->summary);
        for (const char *const *alias = (*c)->aliases; alias && *alias; alias++)
            ra_buf_addf(out, "%s\n.Cm %s%s\n", alias == (*c)->aliases ? "Also called" : "or", *alias,
                        alias[1] ? "" : " .");
        ra_buf_addf(out, "See\n.Xr regadm-%s 1 .\n", (*c)->name);
    }
    ra_buf_adds(out, group ? ".El\n" : "");
}

void ra_mdoc_findings(struct ra_buf *out, const struct ra_cmd *cmd)
{
    (void)cmd;
    ra_buf_adds(out, ".Bl -tag -width Ds\n");
    for (const struct ra_finding_code *c = ra_finding_codes; c->code; c++) {
        ra_buf_addf(out, ".It Sy %s\n", c->code);
        ra_auto_free char *text = ra_finding_explain(c);
        add_text(out, text);
    }
    ra_buf_adds(out, ".El\n");
}

/* A bar would end the table's cell, also within code. */
static void add_table_text(struct ra_buf *out, const char *text)
{
    for (; *text; text++)
        ra_buf_adds(out, *text == '|' ? "\\|" : (char[]){*text, '\0'});
}

void ra_mdoc_readme_verbs(struct ra_buf *out, const struct ra_cmd *cmd)
{
    (void)cmd;
    ra_buf_adds(out, "| verb | job |\n| --- | --- |\n");
    for (const struct ra_cmd *const *c = ra_commands; *c; c++) {
        if ((*c)->flags & RA_CMD_HIDDEN)
            continue;
        ra_buf_addf(out, "| `%s%s", (*c)->name, (*c)->operands ? " " : "");
        add_table_text(out, (*c)->operands ? (*c)->operands : "");
        ra_buf_adds(out, "` | ");
        add_table_text(out, (*c)->summary);
        ra_buf_adds(out, " |\n");
    }
}

/* --- a first page -------------------------------------------------------------------------------------------- */

static void add_examples(struct ra_buf *out, const struct ra_example *examples)
{
    if (!examples || !examples->command)
        return;
    ra_buf_adds(out, ".Sh EXAMPLES\n");
    for (const struct ra_example *e = examples; e->command; e++) {
        add_text(out, e->what);
        out->len -= 2; /* the full stop */
        ra_buf_adds(out, ":\n.Pp\n.Dl ");
        ra_auto_free char *command = ra_asprintf("regadm %s", e->command);
        add_argument(out, command);
        ra_buf_adds(out, e[1].command ? "\n.Pp\n" : "\n");
    }
}

void ra_mdoc_page(struct ra_buf *out, const struct ra_cmd *cmd)
{
    ra_auto_free char *title = ra_asprintf("REGADM-%s", cmd->name);
    for (char *s = title; *s; s++)
        *s = (char)toupper((unsigned char)*s);
    ra_buf_addf(out, ".Dd November 21, 2026\n.Dt %s 1\n.Os\n.Sh NAME\n.Nm regadm-%s\n.Nd ", title, cmd->name);
    ra_buf_addf(out, "%s\n.Sh SYNOPSIS\n.\\\" begin synopsis\n.\\\" end synopsis\n.Sh DESCRIPTION\n",
                cmd->summary);
    add_text(out, cmd->prose ? cmd->prose : cmd->summary);
    ra_buf_adds(out,
                ".Sh OPTIONS\n.\\\" begin options\n.\\\" end options\n.Sh EXIT STATUS\n"
                "0 when done, 1 when there were findings or only part was done, 2 for a wrong command line,\n"
                "3 when it could not run or refused; see\n.Xr regadm 1 .\n");
    add_examples(out, cmd->examples);
    ra_buf_adds(out, ".Sh SEE ALSO\n.Xr regadm 1\n");
}
