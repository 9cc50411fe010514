/*
 * Completion scripts for shells, written from the table of verbs and options. The names of repositories and tags
 * are not in them: they ask `regadm __complete` (complete.c). To add a shell: a file shell_<name>.c and a row in
 * ra_shells.
 */
#ifndef RA_CMD_SHELLS_H
#define RA_CMD_SHELLS_H

#include "cmd.h"

struct ra_shell {
    const char *name;
    const char *file; /* in completions/ */
    void (*write)(struct ra_buf *out);
};
extern const struct ra_shell ra_shells[]; /* ends with {0} */
/* Their names, NULL at the end. */
extern const char *const ra_shell_names[];

void ra_shell_bash(struct ra_buf *out);
void ra_shell_zsh(struct ra_buf *out);
void ra_shell_fish(struct ra_buf *out);

/* Calls `write` for every verb that is listed. */
void ra_shell_each_verb(struct ra_buf *out, void (*write)(struct ra_buf *out, const struct ra_cmd *cmd));
/* Calls `write` for every option that is shown: the verb's own, then the shared ones that it has; cmd NULL: those
 * before a verb. */
void ra_shell_each_option(struct ra_buf *out, const struct ra_cmd *cmd,
                          void (*write)(struct ra_buf *out, const struct ra_cmd *cmd,
                                        const struct ra_opt *opt));
/* The verb's name and its aliases, joined by `between`. */
void ra_shell_names_of(struct ra_buf *out, const struct ra_cmd *cmd, const char *between);
/* The names of a NULL-ended array, joined by blanks. */
void ra_shell_words(struct ra_buf *out, const char *const *words);
/* As much of a help text as fits beside a completion, with `escape` in front of each character of `special`. */
void ra_shell_gist(struct ra_buf *out, const char *help, const char *special, const char *escape);

#endif
