/* What verbs print in the same way: findings, and the members of JSON that recur. */
#ifndef RA_CMD_PRINT_H
#define RA_CMD_PRINT_H

#include "cmd.h"

#include "base/jsonw.h"
#include "jobs/image.h"

/* Begins the object of a verb on stdout: {"schema": "regadm/<verb>/1". End it with ra_json_close. */
void ra_json_open(struct ra_jsonw *w, const struct ra_ctx *ctx);
/* "findings": [...], the closing brace, and whether stdout took it all. */
int ra_json_close(struct ra_jsonw *w, struct ra_ctx *ctx, struct ra_err *err);
/* "findings": [...] */
void ra_json_findings(struct ra_jsonw *w, const struct ra_findings *findings);
/* "key": "sha256:...", or null when d is NULL. */
void ra_json_digest(struct ra_jsonw *w, const char *key, const struct ra_digest *d);
/* "key": "2026-...Z", or null for RA_TIME_NONE. */
void ra_json_time(struct ra_jsonw *w, const char *key, int64_t ns);

/* A line on stderr: what it begins with, which may have colour, and the text. On a terminal it is broken between words,
 * and goes on below with `indent` spaces; elsewhere it stays as it is. */
void ra_print_wrapped(const char *head, const char *text, size_t indent);
/* The findings, one line each on stderr, and when there are many a count of each code; of very many of one code in one
 * repository the first few, unless with -v. Else, with `advise`, what to do about the worse ones, which an error that
 * follows would say better. */
void ra_print_findings(struct ra_ctx *ctx, bool advise);
/* "regadm: <text>" and the hint on stderr. */
void ra_print_error(const struct ra_err *err);

/* A line of what --quiet prints: "name", or "name:tag" where there is a tag; made safe (base/str.h, ra_text_safe). */
void ra_print_name(const char *name, const char *tag);

/* Its kind as tables and pages show it, with whether it is damaged: "index (damaged)". Lent from `out`, or static. */
const char *ra_kind_text(const struct ra_image *image, struct ra_buf *out);

/* A digest as tables show it: "sha256:" and the first twelve digits. */
#define RA_SHORT_DIGEST 24
const char *ra_digest_short(const struct ra_digest *d, char out[static RA_SHORT_DIGEST]);

#endif
