/*
 * Tables for people: a row of columns with headings in capitals, aligned, separated by two spaces. On a
 * terminal elastic columns are shortened with an ellipsis, and where that is not enough minor ones left out, so that a
 * row fits; into a pipe nothing is cut.
 * Every cell's text is made safe (base/str.h, ra_text_safe) here: callers hand over what the storage says.
 */
#ifndef RA_CMD_ROWS_H
#define RA_CMD_ROWS_H

#include "base/auto.h"

enum ra_align { RA_LEFT, RA_RIGHT };

struct ra_column {
    const char *heading; /* NULL ends the array */
    enum ra_align align;
    bool elastic;   /* may be shortened to fit a terminal */
    bool hidden;    /* not printed: a column that an option turns on */
    unsigned minor; /* not 0: may be left out on a terminal that is too narrow, the highest first */
};

struct ra_rows;
struct ra_rows *ra_rows_new(const struct ra_column *columns);
void ra_rows_free(struct ra_rows *r);
RA_DEFINE_AUTO_PTR(ra_rows, ra_rows_free)

/* Adds the next cell, left to right; a row is complete with its last cell (hidden ones are given too). */
void ra_cell(struct ra_rows *r, const char *text);
void ra_cellf(struct ra_rows *r, const char *fmt, ...) RA_PRINTF(2, 3);
/* Sizes ("12 MB"), counts ("76,584"), times ("3 days ago" on a terminal, else RFC 3339). */
void ra_cell_size(struct ra_rows *r, uint64_t bytes);
void ra_cell_count(struct ra_rows *r, uint64_t n);
void ra_cell_time(struct ra_rows *r, int64_t ns);
/* Prints heading and rows. Nothing at all when there is no row. */
void ra_rows_print(struct ra_rows *r, FILE *out);

#endif
