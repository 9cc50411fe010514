/*
 * All that a verb sees of the frame. A verb is one file cmd/<verb>.c with a table of options, one struct
 * ra_cmd and a run function that makes one call into lib/jobs and prints rows or JSON. To add one: write the
 * file, put its record into commands.c, its man page into man/, its cases into tests/cli/<verb>/.
 */
#ifndef RA_CMD_CMD_H
#define RA_CMD_CMD_H

#include "base/opt.h"
#include "jobs/job.h"

/* The options that every verb understands; filled before run is called. */
struct ra_globals {
    const char *root;   /* --root */
    const char *config; /* --config */
    bool json, quiet, progress, help, version, follow;
    /* --quiet without --json: nothing but names on stdout. With it all JSON stays, and talk goes. */
    bool names_only;
    unsigned verbose;
    uint64_t jobs; /* threads, at least 1 */
    int color;     /* enum ra_color */
    bool dry_run, yes;
};
enum ra_color { RA_COLOR_AUTO, RA_COLOR_ALWAYS, RA_COLOR_NEVER };

enum ra_cmd_flags {
    /* Opens the storage before run: ctx->job.store is there. */
    RA_CMD_STORE = 1 << 0,
    /* Changes it: takes the lock and refuses a storage that has another owner, unless -n. */
    RA_CMD_WRITES = 1 << 1,
    /* With STORE: an empty or missing root is fine and becomes a storage. */
    RA_CMD_CREATES = 1 << 2,
    RA_CMD_DRY_RUN = 1 << 3, /* has -n, --dry-run */
    RA_CMD_CONFIRM = 1 << 4, /* has -y, --yes: see ra_confirm */
    RA_CMD_JSON = 1 << 5,    /* has --json */
    RA_CMD_QUIET = 1 << 6,   /* has -q, --quiet */
    /* Parses its arguments itself: ctx->argc, ctx->argv; the table is for the help. */
    RA_CMD_RAW_ARGS = 1 << 7,
    RA_CMD_HIDDEN = 1 << 8, /* not listed: for completions and tests */
    /* Its operand is what --config gives elsewhere, and -d is -n: the registry's habits. */
    RA_CMD_CONFIG_OPERAND = 1 << 9,
    /* May take long though it is not RA_CMD_STORE: shows progress as those do, and has -j and --no-progress. */
    RA_CMD_LONG = 1 << 10,
};

struct ra_example {
    const char *command; /* without the leading "regadm " */
    const char *what;
};

struct ra_ctx {
    const struct ra_cmd *cmd;
    struct ra_globals g;
    void *opts; /* the verb's own struct, zeroed or as `defaults` has it, then filled from the table */
    struct ra_strlist operands; /* what is no option */
    int argc;                   /* what followed the verb (RAW_ARGS); argv[0] is the first argument */
    char **argv;
    /* The program as it was called, when that is through a link of the verb's name; NULL: as `regadm VERB`. */
    const char *link;
    struct ra_job job;
    /* For verbs that write only with some option, and so are not RA_CMD_WRITES: takes the lock and refuses a storage
     * that has another owner. At most once, before looking at what will be changed. */
    int (*begin_writing)(struct ra_ctx *ctx, struct ra_err *err);
    /* The registry's configuration, when the storage was found through one; or NULL. */
    const struct ra_regconfig *config;
    /* job.findings points here: printed by the frame after run, unless the verb did. */
    struct ra_findings findings;
    bool findings_shown;
    bool partial; /* set it when only part was done: exit status 1 */
    /* Set it to a file that appears complete or not at all, or to "-" for standard output: should a signal stop the
     * run, it is told what became of that. */
    const char *output;
    int status; /* set it to exit with a status of the verb's own (htpasswd) */
};

struct ra_cmd {
    const char *name;
    const char *const *aliases; /* NULL at the end; may be NULL */
    const char *group;          /* heading in `regadm help` : "Look", "Change", "Carry", "People", "Other" */
    const char *summary;        /* one line, no full stop */
    const char *operands;       /* for the synopsis: "[PATTERN...]", "REF..." */
    unsigned min, max;          /* number of operands; max UINT_MAX: any */
    enum ra_complete complete;  /* what completions offer for operands */
    const char *prose;          /* a paragraph or two below the synopsis in --help */
    const struct ra_opt *opts;  /* the verb's own; NULL: none */
    size_t opts_size;
    const void *defaults;              /* opts_size bytes to start from; NULL: zeroes */
    const struct ra_example *examples; /* {0} at the end */
    unsigned flags;
    /* 0, or negative with err set (printed by the frame; exit status by its code). */
    int (*run)(struct ra_ctx *ctx, struct ra_err *err);
};

/* Every verb, in the order of `regadm help`; NULL at the end. */
extern const struct ra_cmd *const ra_commands[];
/* By name or alias, or NULL. */
const struct ra_cmd *ra_cmd_lookup(const char *name);
/* The options that all verbs share, as far as the flags of cmd admit them (--json, -n, ...); cmd NULL: those
 * before a verb. The table is written into rows[RA_GLOBAL_ROWS] and ends with {0}. */
#define RA_GLOBAL_ROWS 16
void ra_cmd_globals(const struct ra_cmd *cmd, struct ra_opt rows[static RA_GLOBAL_ROWS]);

/* An option given before the verb without which it must not be run, and which it does not have; or NULL. */
const char *ra_cmd_lacks(const struct ra_cmd *cmd, const struct ra_globals *given);

/* --- asking and talking (stderr) --- */

/* Prints the question with " [y/N] " on a terminal and reads the answer. 0: yes, or at once with --yes or --dry-run.
 * DENIED: the answer was no, or there is no terminal to ask on. CANCELLED: a signal came instead. */
int ra_confirm(const struct ra_ctx *ctx, struct ra_err *err, const char *question, ...) RA_PRINTF(3, 4);
/* A line of talk on stderr, "regadm: ...", unless --quiet. Foreign text in it must be made safe before. */
void ra_say(const struct ra_ctx *ctx, const char *fmt, ...) RA_PRINTF(2, 3);
/* Only with -v (level 1) or -vv (2). */
void ra_say_verbose(const struct ra_ctx *ctx, unsigned level, const char *fmt, ...) RA_PRINTF(3, 4);
/* That removed objects are still there and can be brought back, where that is so. */
void ra_say_kept_versions(const struct ra_ctx *ctx);
/* A finding when a database and not the tree says what is in that storage, which is only read: it looks complete. */
void ra_warn_of_owner(struct ra_ctx *ctx, struct ra_store *store);
/* Takes the progress line away for good: the work is done, and the result follows. */
void ra_end_progress(struct ra_ctx *ctx);
/* Whether stdout is a terminal for people: tables are fitted, times relative. */
bool ra_stdout_is_terminal(void);
/* The columns of a terminal; SIZE_MAX for what is none. */
size_t ra_terminal_width(FILE *stream);
/* Whether colour is wanted on that stream (--color, NO_COLOR, TERM, isatty). */
bool ra_use_color(const struct ra_ctx *ctx, FILE *stream);

#endif
