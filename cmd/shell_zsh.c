#include "shells.h"

static const char head[] =
    "#compdef regadm\n"
    "# zsh completion of regadm(1), written from its table of verbs and options.\n"
    "\n"
    "# Offers what regadm itself knows: repos or refs.\n"
    "_regadm_ask() {\n"
    "    local -a from found\n"
    "    local i\n"
    "    for ((i = 2; i < $#regadm_words; i++)); do\n"
    "        case $regadm_words[i] in\n"
    "            --root=*|--config=*) from+=(${regadm_words[i]%%=*}=${${regadm_words[i]#*=}/#\\~/$HOME}) ;;\n"
    "            --root|--config) from+=($regadm_words[i]=${regadm_words[i+1]/#\\~/$HOME}) ;;\n"
    "        esac\n"
    "    done\n"
    "    found=(${(f)\"$(${~regadm_words[1]} $from __complete $1 \"$PREFIX\" 2>/dev/null)\"})\n"
    "    compadd -a found\n"
    "}\n"
    "\n";

static const char verb_choice[] = "_regadm() {\n"
                                  "    local context state state_descr line\n"
                                  "    local -A opt_args\n"
                                  "    local -a regadm_words=(\"${(@)words[1,CURRENT]}\")\n"
                                  "    _arguments -s -S -C \\\n";

static const char verb_dispatch[] = "        '(-): :_regadm_verbs' \\\n"
                                    "        '(-)*:: :->arguments' && return\n"
                                    "    [[ $state == arguments ]] || return 1\n"
                                    "    case $words[1] in\n";

static const char tail[] = "    esac\n"
                           "}\n"
                           "\n"
                           "if [[ $funcstack[1] == _regadm ]]; then\n"
                           "    _regadm \"$@\"\n"
                           "else\n"
                           "    compdef _regadm regadm\n"
                           "fi\n";

static void quoted(struct ra_buf *out, const char *help)
{
    RA_BUF_AUTO gist = {0};
    ra_shell_gist(&gist, help, "[]:\\", "\\");
    for (const char *s = ra_buf_str(&gist); *s; s++)
        if (*s == '\'')
            ra_buf_adds(out, "'\\''");
        else
            ra_buf_addc(out, *s);
}

static void verb_row(struct ra_buf *out, const struct ra_cmd *cmd)
{
    ra_buf_addf(out, "        '%s:", cmd->name);
    quoted(out, cmd->summary);
    ra_buf_adds(out, "'\n");
}

static void action(struct ra_buf *out, enum ra_complete what)
{
    static const char *const actions[] = {
        [RA_COMPLETE_NONE] = " ",
        [RA_COMPLETE_FILE] = "_files",
        [RA_COMPLETE_DIR] = "_files -/",
        [RA_COMPLETE_REPO] = "{_regadm_ask repos}",
        [RA_COMPLETE_REF] = "{_regadm_ask refs}",
        [RA_COMPLETE_VERB] = "_regadm_verbs",
    };
    if (what != RA_COMPLETE_SHELL) {
        ra_buf_adds(out, actions[what]);
        return;
    }
    ra_buf_addc(out, '(');
    ra_shell_words(out, ra_shell_names);
    ra_buf_addc(out, ')');
}

static bool many(const struct ra_opt *opt)
{
    return opt->type == RA_OPT_LIST || opt->type == RA_OPT_COUNT;
}

/* '(-q --quiet)'{-q,--quiet}'[help]:N:action', as _arguments reads it. */
static void option_names(struct ra_buf *out, const struct ra_opt *opt)
{
    const char *value = ra_opt_has_value(opt) ? "=" : "";
    const char *star = many(opt) ? "*" : "";
    if (!opt->letter)
        ra_buf_addf(out, "'%s--%s%s", star, opt->name, value);
    else if (many(opt))
        ra_buf_addf(out, "\\*{-%c%s,--%s%s}'", opt->letter, *value ? "+" : "", opt->name, value);
    else
        ra_buf_addf(out, "'(-%c --%s)'{-%c%s,--%s%s}'", opt->letter, opt->name, opt->letter,
                    *value ? "+" : "", opt->name, value);
}

static void option_row(struct ra_buf *out, const struct ra_cmd *cmd, const struct ra_opt *opt)
{
    ra_buf_adds(out, cmd ? "                " : "        ");
    option_names(out, opt);
    ra_buf_addc(out, '[');
    quoted(out, opt->help);
    ra_buf_addc(out, ']');
    if (ra_opt_has_value(opt)) {
        ra_buf_addf(out, "%s:%s:", opt->flags & RA_OPT_OPTIONAL ? ":" : "", opt->arg);
        if (opt->choices) {
            ra_buf_addc(out, '(');
            ra_shell_words(out, opt->choices);
            ra_buf_addc(out, ')');
        } else {
            action(out, opt->complete);
        }
    }
    ra_buf_adds(out, "' \\\n");
}

static void verb_case(struct ra_buf *out, const struct ra_cmd *cmd)
{
    ra_buf_adds(out, "        ");
    ra_shell_names_of(out, cmd, "|");
    ra_buf_adds(out, ")\n            _arguments -s -S \\\n");
    ra_shell_each_option(out, cmd, option_row);
    ra_buf_adds(out, "                ");
    ra_buf_addf(out, "'%s:argument:", cmd->max == 1 ? "1" : "*");
    action(out, cmd->complete);
    ra_buf_adds(out, "'\n            ;;\n");
}

void ra_shell_zsh(struct ra_buf *out)
{
    ra_buf_adds(out, head);
    ra_buf_adds(out, "_regadm_verbs() {\n    local -a verbs=(\n");
    ra_shell_each_verb(out, verb_row);
    ra_buf_adds(out, "    )\n    _describe verb verbs\n}\n\n");
    ra_buf_adds(out, verb_choice);
    ra_shell_each_option(out, NULL, option_row);
    ra_buf_adds(out, verb_dispatch);
    ra_shell_each_verb(out, verb_case);
    ra_buf_adds(out, tail);
}
