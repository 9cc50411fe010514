#include "shells.h"

static const char head[] =
    "# bash completion of regadm(1), written from its table of verbs and options.\n"
    "# shellcheck shell=bash\n"
    "\n"
    "# The words up to the cursor, those joined again that bash splits at ':' and '='.\n"
    "_regadm_words()\n"
    "{\n"
    "    local word joins=\n"
    "    words=()\n"
    "    for word in \"${COMP_WORDS[@]:0:COMP_CWORD+1}\"; do\n"
    "        if [[ ${#words[@]} -gt 1 && ($joins || $word =~ ^[:=]+$) ]]; then\n"
    "            words[${#words[@]} - 1]+=$word\n"
    "            [[ $word =~ ^[:=]+$ ]] && joins=1 || joins=\n"
    "        else\n"
    "            words+=(\"$word\")\n"
    "        fi\n"
    "    done\n"
    "}\n"
    "\n"
    "# Offers what regadm itself knows: repos or refs.\n"
    "_regadm_ask()\n"
    "{\n"
    "    local i from=()\n"
    "    for ((i = 1; i < ${#words[@]} - 1; i++)); do\n"
    "        case ${words[i]} in\n"
    "        --root=* | --config=*) from+=(\"${words[i]}\") ;;\n"
    "        --root | --config) from+=(\"${words[i]}=${words[i + 1]}\") ;;\n"
    "        esac\n"
    "    done\n"
    "    mapfile -t COMPREPLY < <(\"${words[0]/#\\~/$HOME}\" \"${from[@]/=\\~/=$HOME}\" __complete \"$1\" "
    "\"$cur\" 2>/dev/null)\n"
    "}\n"
    "\n"
    "_regadm_offer()\n"
    "{\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "_regadm_paths()\n"
    "{\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$cur\")\n"
    "}\n"
    "\n";

static const char tail[] = "_regadm()\n"
                           "{\n"
                           "    local words cur prev verb=\n"
                           "    COMPREPLY=()\n"
                           "    _regadm_words\n"
                           "    _regadm_find_verb\n"
                           "    cur=${words[-1]} prev=${words[-2]}\n"
                           "    if [[ $cur == --*=* ]]; then\n"
                           "        prev=${cur%%=*} cur=${cur#*=}\n"
                           "    fi\n"
                           "    if ! _regadm_value; then\n"
                           "        case $cur in\n"
                           "        -*) _regadm_options ;;\n"
                           "        *) _regadm_operand ;;\n"
                           "        esac\n"
                           "    fi\n"
                           "    if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then\n"
                           "        COMPREPLY=(\"${COMPREPLY[@]#\"${cur%\"${cur##*:}\"}\"}\")\n"
                           "    fi\n"
                           "}\n"
                           "\n"
                           "complete -F _regadm regadm\n";

static void offer(struct ra_buf *out, enum ra_complete what)
{
    switch (what) {
    case RA_COMPLETE_NONE:
        ra_buf_adds(out, "COMPREPLY=()");
        return;
    case RA_COMPLETE_FILE:
        ra_buf_adds(out, "_regadm_paths -f");
        return;
    case RA_COMPLETE_DIR:
        ra_buf_adds(out, "_regadm_paths -d");
        return;
    case RA_COMPLETE_REPO:
        ra_buf_adds(out, "_regadm_ask repos");
        return;
    case RA_COMPLETE_REF:
        ra_buf_adds(out, "_regadm_ask refs");
        return;
    case RA_COMPLETE_VERB:
        ra_buf_adds(out, "_regadm_offer \"$_regadm_verbs\"");
        return;
    case RA_COMPLETE_SHELL:
        ra_buf_adds(out, "_regadm_offer \"");
        ra_shell_words(out, ra_shell_names);
        ra_buf_adds(out, "\"");
        return;
    }
}

static void verb_word(struct ra_buf *out, const struct ra_cmd *cmd)
{
    ra_buf_addf(out, "%s%s", cmd == ra_commands[0] ? "" : " ", cmd->name);
}

static void alias_case(struct ra_buf *out, const struct ra_cmd *cmd)
{
    if (!cmd->aliases || !cmd->aliases[0])
        return;
    ra_buf_adds(out, "    ");
    ra_shell_names_of(out, cmd, " | ");
    ra_buf_addf(out, ") verb='%s' ;;\n", cmd->name);
}

/* The options that take a word of their own, so that it is not mistaken for the verb. */
static void taker(struct ra_buf *out, const struct ra_cmd *cmd, const struct ra_opt *opt)
{
    (void)cmd;
    if (!ra_opt_has_value(opt) || (opt->flags & RA_OPT_OPTIONAL))
        return;
    ra_buf_addf(out, "--%s | ", opt->name);
    if (opt->letter)
        ra_buf_addf(out, "-%c | ", opt->letter);
}

static void option_word(struct ra_buf *out, const struct ra_cmd *cmd, const struct ra_opt *opt)
{
    (void)cmd;
    ra_buf_addf(out, "%s--%s", out->data[out->len - 1] == '"' ? "" : " ", opt->name);
}

static void options_case(struct ra_buf *out, const struct ra_cmd *cmd)
{
    ra_buf_addf(out, "    %s) _regadm_offer \"", cmd ? cmd->name : "*");
    ra_shell_each_option(out, cmd, option_word);
    ra_buf_adds(out, "\" ;;\n");
}

/* A flag of a verb's own that has the name of a shared option with a value (inspect --config). */
static bool hides_another(const struct ra_opt *opt)
{
    struct ra_opt shared[RA_GLOBAL_ROWS];
    ra_cmd_globals(NULL, shared);
    const struct ra_opt_group group = {NULL, shared, NULL};
    const struct ra_opt *twin = ra_opt_find(&group, 1, opt->name);
    return twin && ra_opt_has_value(twin);
}

static void value_case(struct ra_buf *out, const struct ra_cmd *cmd, const struct ra_opt *opt)
{
    if ((opt->flags & RA_OPT_OPTIONAL) || (!ra_opt_has_value(opt) && !hides_another(opt)))
        return;
    const char *verb = cmd ? cmd->name : "*";
    ra_buf_addf(out, "    %s:--%s", verb, opt->name);
    if (opt->letter)
        ra_buf_addf(out, " | %s:-%c", verb, opt->letter);
    ra_buf_adds(out, ") ");
    if (!ra_opt_has_value(opt)) {
        ra_buf_adds(out, "return 1");
    } else if (opt->choices) {
        ra_buf_adds(out, "_regadm_offer \"");
        ra_shell_words(out, opt->choices);
        ra_buf_adds(out, "\"");
    } else {
        offer(out, opt->complete);
    }
    ra_buf_adds(out, " ;;\n");
}

static void own_value_cases(struct ra_buf *out, const struct ra_cmd *cmd)
{
    for (const struct ra_opt *o = cmd->opts; o && o->name; o++)
        if (!(o->flags & RA_OPT_HIDDEN))
            value_case(out, cmd, o);
}

static void operand_case(struct ra_buf *out, const struct ra_cmd *cmd)
{
    if (cmd->complete == RA_COMPLETE_NONE)
        return;
    ra_buf_addf(out, "    %s) ", cmd->name);
    offer(out, cmd->complete);
    ra_buf_adds(out, " ;;\n");
}

static void find_verb(struct ra_buf *out)
{
    ra_buf_adds(out, "# The verb among the words, by its proper name.\n"
                     "_regadm_find_verb()\n{\n    local i\n"
                     "    for ((i = 1; i < ${#words[@]} - 1; i++)); do\n"
                     "        case ${words[i]} in\n        ");
    ra_shell_each_option(out, NULL, taker);
    out->len -= strlen(" | ");
    ra_buf_adds(
        out,
        ") i=$((i + 1)) ;;\n        -*) ;;\n        *) verb=${words[i]} && break ;;\n        esac\n    done\n"
        "    case $verb in\n");
    ra_shell_each_verb(out, alias_case);
    ra_buf_adds(out, "    esac\n}\n\n");
}

void ra_shell_bash(struct ra_buf *out)
{
    ra_buf_adds(out, head);
    ra_buf_adds(out, "_regadm_verbs=\"");
    ra_shell_each_verb(out, verb_word);
    ra_buf_adds(out, "\"\n\n");
    find_verb(out);
    ra_buf_adds(out, "_regadm_options()\n{\n    case $verb in\n");
    ra_shell_each_verb(out, options_case);
    options_case(out, NULL);
    ra_buf_adds(out, "    esac\n}\n\n# Fails when the word before the cursor takes no value.\n"
                     "_regadm_value()\n{\n    case $verb:$prev in\n");
    ra_shell_each_verb(out, own_value_cases);
    ra_shell_each_option(out, NULL, value_case);
    ra_buf_adds(out, "    *) return 1 ;;\n    esac\n}\n\n_regadm_operand()\n{\n    case $verb in\n"
                     "    '') _regadm_offer \"$_regadm_verbs\" ;;\n");
    ra_shell_each_verb(out, operand_case);
    ra_buf_adds(out, "    esac\n}\n\n");
    ra_buf_adds(out, tail);
}
