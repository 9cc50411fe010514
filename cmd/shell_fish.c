#include "shells.h"

static const char head[] = "# fish completion of regadm(1), written from its table of verbs and options.\n"
                           "\n"
                           "# Offers what regadm itself knows: repos or refs.\n"
                           "function __regadm_ask\n"
                           "    set -l words (commandline -opc)\n"
                           "    set -l from\n"
                           "    for i in (seq 2 (count $words))\n"
                           "        switch $words[$i]\n"
                           "            case '--root=*' '--config=*'\n"
                           "                set -a from $words[$i]\n"
                           "            case --root --config\n"
                           "                set -a from $words[$i]=$words[(math $i + 1)]\n"
                           "        end\n"
                           "    end\n"
                           "    set from (string replace =~ =$HOME -- $from)\n"
                           "    $words[1] $from __complete $argv[1] (commandline -ct) 2>/dev/null\n"
                           "end\n"
                           "\n";

static void quoted(struct ra_buf *out, const char *help)
{
    ra_buf_addc(out, '\'');
    ra_shell_gist(out, help, "'\\", "\\");
    ra_buf_addc(out, '\'');
}

static void taker(struct ra_buf *out, const struct ra_cmd *cmd, const struct ra_opt *opt)
{
    (void)cmd;
    if (!ra_opt_has_value(opt) || (opt->flags & RA_OPT_OPTIONAL))
        return;
    ra_buf_addf(out, " --%s", opt->name);
    if (opt->letter)
        ra_buf_addf(out, " -%c", opt->letter);
}

static void find_verb(struct ra_buf *out)
{
    ra_buf_adds(out, "# Whether the verb is one of these; without arguments: whether there is none yet.\n"
                     "function __regadm_verb\n"
                     "    set -l skip 0\n"
                     "    for word in (commandline -opc)[2..-1]\n"
                     "        if test $skip = 1\n"
                     "            set skip 0\n"
                     "            continue\n"
                     "        end\n"
                     "        switch $word\n"
                     "            case");
    ra_shell_each_option(out, NULL, taker);
    ra_buf_adds(out, "\n"
                     "                set skip 1\n"
                     "            case '-*'\n"
                     "            case '*'\n"
                     "                contains -- $word $argv\n"
                     "                return\n"
                     "        end\n"
                     "    end\n"
                     "    test -z \"$argv\"\n"
                     "end\n\n");
}

static void verb_row(struct ra_buf *out, const struct ra_cmd *cmd)
{
    ra_buf_addf(out, "complete -c regadm -n __regadm_verb -a %s -d ", cmd->name);
    quoted(out, cmd->summary);
    ra_buf_addc(out, '\n');
}

static void condition(struct ra_buf *out, const struct ra_cmd *cmd)
{
    ra_buf_addf(out, "complete -c regadm -n %s__regadm_verb", cmd ? "'" : "");
    if (cmd) {
        ra_buf_addc(out, ' ');
        ra_shell_names_of(out, cmd, " ");
        ra_buf_addc(out, '\'');
    }
}

static void offer(struct ra_buf *out, enum ra_complete what)
{
    static const char *const offers[] = {
        [RA_COMPLETE_NONE] = "",
        [RA_COMPLETE_FILE] = " -F",
        [RA_COMPLETE_DIR] = " -a '(__fish_complete_directories)'",
        [RA_COMPLETE_REPO] = " -a '(__regadm_ask repos)'",
        [RA_COMPLETE_REF] = " -a '(__regadm_ask refs)'",
    };
    if (what < RA_COUNT(offers)) {
        ra_buf_adds(out, offers[what]);
        return;
    }
    ra_buf_adds(out, " -a '");
    if (what == RA_COMPLETE_SHELL)
        ra_shell_words(out, ra_shell_names);
    for (const struct ra_cmd *const *c = ra_commands; what == RA_COMPLETE_VERB && *c; c++)
        if (!((*c)->flags & RA_CMD_HIDDEN))
            ra_buf_addf(out, "%s%s", c == ra_commands ? "" : " ", (*c)->name);
    ra_buf_adds(out, "'");
}

static void option_row(struct ra_buf *out, const struct ra_cmd *cmd, const struct ra_opt *opt)
{
    condition(out, cmd);
    ra_buf_addf(out, " -l %s", opt->name);
    if (opt->letter)
        ra_buf_addf(out, " -s %c", opt->letter);
    if (ra_opt_has_value(opt)) {
        ra_buf_adds(out, opt->flags & RA_OPT_OPTIONAL        ? ""
                         : opt->complete == RA_COMPLETE_FILE ? " -r"
                                                             : " -x");
        if (opt->choices) {
            ra_buf_adds(out, " -a '");
            ra_shell_words(out, opt->choices);
            ra_buf_addc(out, '\'');
        } else {
            offer(out, opt->complete);
        }
    }
    ra_buf_adds(out, " -d ");
    quoted(out, opt->help);
    ra_buf_addc(out, '\n');
}

static void verb_rows(struct ra_buf *out, const struct ra_cmd *cmd)
{
    ra_buf_addc(out, '\n');
    if (cmd->complete != RA_COMPLETE_NONE) {
        condition(out, cmd);
        offer(out, cmd->complete);
        ra_buf_addc(out, '\n');
    }
    ra_shell_each_option(out, cmd, option_row);
}

void ra_shell_fish(struct ra_buf *out)
{
    ra_buf_adds(out, head);
    find_verb(out);
    ra_buf_adds(out, "complete -c regadm -f\n");
    ra_shell_each_verb(out, verb_row);
    ra_shell_each_option(out, NULL, option_row);
    ra_shell_each_verb(out, verb_rows);
}
