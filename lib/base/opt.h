/*
 * Command line options from a table: the one place that knows an option's name, letter, type and help. The
 * parser here, `--help`, the manual pages and the completions all read the same rows. The rows say where in
 * the caller's own struct a value goes, so there is no switch and nothing global.
 */
#ifndef RA_BASE_OPT_H
#define RA_BASE_OPT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum ra_opt_type {
    RA_OPT_FLAG,    /* bool, true when given */
    RA_OPT_OFF,     /* bool, false when given ("--no-verify" on a bool verify) */
    RA_OPT_COUNT,   /* unsigned, how often given */
    RA_OPT_PICK,    /* int, becomes `min` when given: of rows that share a field the last one wins */
    RA_OPT_UINT,    /* uint64_t within [min, max] (max 0: no bound) */
    RA_OPT_SIZE,    /* uint64_t bytes */
    RA_OPT_AGE,     /* int64_t nanoseconds */
    RA_OPT_PERCENT, /* double 0..1 */
    RA_OPT_STR,     /* const char *, lent from argv */
    RA_OPT_LIST,    /* struct ra_strlist, one element each time it is given */
    RA_OPT_ENUM,    /* int, the index into choices */
};

/* What a completion offers for the value of an option, or for an operand. */
enum ra_complete {
    RA_COMPLETE_NONE,
    RA_COMPLETE_FILE,
    RA_COMPLETE_DIR,
    RA_COMPLETE_REPO, /* repositories of the storage */
    RA_COMPLETE_REF,  /* repositories, and repo:tag */
    RA_COMPLETE_VERB,
    RA_COMPLETE_SHELL, /* those that `regadm completion` knows */
};

enum ra_opt_flags {
    RA_OPT_HIDDEN = 1 << 0,   /* parsed, not shown: another spelling for an old habit */
    RA_OPT_OPTIONAL = 1 << 1, /* STR: the argument may be left out (--name or --name=VALUE) */
};

struct ra_opt {
    const char *name; /* without dashes; NULL ends a table */
    char letter;      /* 0: none */
    enum ra_opt_type type;
    size_t offset;              /* in the struct the table is for */
    const char *arg;            /* the word for the value: "DIR"; NULL for FLAG, OFF, COUNT */
    const char *help;           /* one sentence or two without a full stop; wrapped when printed */
    const char *const *choices; /* ENUM: names, NULL at the end */
    enum ra_complete complete;
    unsigned flags;
    uint64_t min, max;
};

/* A table and the struct its values go into. */
struct ra_opt_group {
    const char *title; /* over its part of the help: "Options", "Common options" */
    const struct ra_opt *opts;
    void *values;
};

/*
 * Parses argv[0..argc): options of any group anywhere, up to "--"; what is no option goes to `operands`. Long
 * options take "--name value" and "--name=value", letters bundle ("-nv", "-j4", "-j 4"). A lone "-" is an
 * operand. With stop_at_operand it ends at the first operand; the number of arguments consumed is returned
 * (always argc otherwise). USAGE, with a suggestion when a name is nearly right, leaves `values` partly
 * filled.
 */
int ra_opt_parse(const struct ra_opt_group *groups, size_t n_groups, int argc, char *const *argv,
                 bool stop_at_operand, struct ra_strlist *operands, struct ra_err *err);

/* Frees what the options of a table that ends with a NULL name gathered in `values`: the lists. */
void ra_opt_release(const struct ra_opt *opts, void *values);

/* The row called `name` (long) in the groups, or NULL. */
const struct ra_opt *ra_opt_find(const struct ra_opt_group *groups, size_t n_groups, const char *name);

/* Whether an option of this type takes a value. */
bool ra_opt_has_value(const struct ra_opt *opt);

/* Finds mistakes in a table (twins, missing help or choices): NULL, or what is wrong, for a test. */
const char *ra_opt_check(const struct ra_opt_group *groups, size_t n_groups);

/* Appends "  -j, --jobs N       help" lines, wrapped at `width` columns. */
void ra_opt_help(struct ra_buf *out, const struct ra_opt *opts, unsigned width);

/* Appends text wrapped at `width`, every line but the first indented by `indent`; the first starts at column
 * `at`. */
void ra_wrap_text(struct ra_buf *out, const char *text, unsigned at, unsigned indent, unsigned width);

#endif
