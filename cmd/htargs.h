/*
 * The command line of `regadm htpasswd`: Apache's, letter by letter, with what it lacks as long options, and
 * two words of its own, `list` and `check`, where Apache's has the file.
 */
#ifndef RA_CMD_HTARGS_H
#define RA_CMD_HTARGS_H

#include "cmd.h"

#include "jobs/htpasswd.h"

/* Apache's exit statuses. */
enum ra_htstatus {
    RA_HTSTATUS_FILE = 1,
    RA_HTSTATUS_SYNTAX,
    RA_HTSTATUS_MISMATCH, /* also: cannot make such a hash */
    RA_HTSTATUS_INTERRUPT,
    RA_HTSTATUS_TOO_LONG,
    RA_HTSTATUS_USER,
    RA_HTSTATUS_INVALID,
    RA_HTSTATUS_GENERAL = 9,
    RA_HTSTATUS_UNSUPPORTED,
};

enum ra_htsource { RA_HTSOURCE_PROMPT, RA_HTSOURCE_ARGUMENT, RA_HTSOURCE_STDIN, RA_HTSOURCE_GENERATE };

enum ra_htaction {
    RA_HT_UPDATE,
    RA_HT_PRINT,
    RA_HT_DELETE,
    RA_HT_VERIFY,
    RA_HT_BATCH,
    RA_HT_LIST,
    RA_HT_CHECK
};

struct ra_htargs {
    /* from the table */
    bool create, print, verify, remove, batch, generate, truncate, in_place, json, progress, help;
    int kind;   /* enum ra_passhash_kind; -1: not given */
    int source; /* enum ra_htsource */
    const char *cost, *mode, *config;
    uint64_t length, jobs;
    /* made of it */
    bool apache; /* called as `htpasswd`: its defaults, its talk */
    enum ra_htaction action;
    struct ra_htpasswd_file file;
    struct ra_htpasswd_how how;
    const char *user;
    char *password;   /* -b: where it stands in argv */
    char *found_path; /* owned: from the registry's configuration, */
    char *found_in;   /* owned: which is this one */
};

extern const struct ra_opt ra_htargs_table[];
extern const struct ra_htargs ra_htargs_defaults;

/* Reads ctx->argv into *a, which starts as ra_htargs_defaults. On failure ctx->status is set, too. */
int ra_htargs_parse(struct ra_ctx *ctx, struct ra_htargs *a, struct ra_err *err);
void ra_htargs_release(struct ra_htargs *a);

/* A line on stderr, without a prefix: Apache's words, which scripts read. */
void ra_httalk(const char *fmt, ...) RA_PRINTF(1, 2);
/* Gives a failure its exit status; returns rc. */
int ra_htfail(struct ra_ctx *ctx, enum ra_htstatus status, int rc);
/* Says what is to be said about the kind of hash asked for. */
void ra_htwarn_kind(const struct ra_htargs *a);

#endif
