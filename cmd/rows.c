#include "rows.h"

#include "cmd.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/vec.h"

#include <sys/ioctl.h>

struct ra_rows {
    const struct ra_column *columns;
    size_t n_columns;
    RA_VEC(char *) cells; /* row by row, safe text */
};

struct ra_rows *ra_rows_new(const struct ra_column *columns)
{
    struct ra_rows *r = ra_new(struct ra_rows);
    r->columns = columns;
    while (columns[r->n_columns].heading)
        r->n_columns++;
    return r;
}

void ra_rows_free(struct ra_rows *r)
{
    if (!r)
        return;
    ra_vec_each (cell, &r->cells)
        free(*cell);
    ra_vec_release(&r->cells);
    free(r);
}

void ra_cell(struct ra_rows *r, const char *text)
{
    struct ra_buf safe = {0};
    ra_text_safe(&safe, text, strlen(text));
    *ra_vec_push(&r->cells) = ra_buf_take(&safe);
}

void ra_cellf(struct ra_rows *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ra_auto_free char *text = ra_vasprintf(fmt, args);
    va_end(args);
    ra_cell(r, text);
}

void ra_cell_size(struct ra_rows *r, uint64_t bytes)
{
    char text[RA_SIZE_TEXT];
    ra_cell(r, ra_size_text(bytes, text));
}

void ra_cell_count(struct ra_rows *r, uint64_t n)
{
    char text[RA_COUNT_TEXT];
    ra_cell(r, ra_count_text(n, text));
}

void ra_cell_time(struct ra_rows *r, int64_t ns)
{
    char text[RA_TIME_TEXT];
    if (ns == RA_TIME_NONE)
        ra_cell(r, "-");
    else if (ra_stdout_is_terminal())
        ra_cell(r, ra_time_ago(ns, ra_time_now(), text));
    else
        ra_cell(r, ra_time_text(ns, false, text));
}

/* A column without heading goes when it has nothing to say in any row; `fit` may take one away, too. */
static bool is_shown(const struct ra_rows *r, size_t c, const size_t *widths)
{
    return !r->columns[c].hidden && widths[c] > 0;
}

static size_t total_width(const struct ra_rows *r, const size_t *widths)
{
    size_t total = 0;
    for (size_t c = 0; c < r->n_columns; c++)
        if (is_shown(r, c, widths))
            total += widths[c] + (total ? 2 : 0);
    return total;
}

static void measure(const struct ra_rows *r, size_t *widths)
{
    for (size_t c = 0; c < r->n_columns; c++)
        widths[c] = ra_text_width(r->columns[c].heading);
    for (size_t i = 0; i < r->cells.n; i++) {
        size_t width = ra_text_width(r->cells.at[i]);
        if (width > widths[i % r->n_columns])
            widths[i % r->n_columns] = width;
    }
}

/* Takes from the widest elastic column until the row fits, or none has more than `least`. */
static bool shrink(const struct ra_rows *r, size_t *widths, size_t limit, size_t least)
{
    for (;;) {
        size_t widest = SIZE_MAX;
        if (total_width(r, widths) <= limit)
            return true;
        for (size_t c = 0; c < r->n_columns; c++)
            if (is_shown(r, c, widths) && r->columns[c].elastic && widths[c] > least &&
                (widest == SIZE_MAX || widths[c] > widths[widest]))
                widest = c;
        if (widest == SIZE_MAX)
            return false;
        widths[widest]--;
    }
}

static bool leave_out(const struct ra_rows *r, size_t *widths)
{
    size_t least = SIZE_MAX;
    for (size_t c = 0; c < r->n_columns; c++)
        if (is_shown(r, c, widths) && r->columns[c].minor &&
            (least == SIZE_MAX || r->columns[c].minor > r->columns[least].minor))
            least = c;
    if (least == SIZE_MAX)
        return false;
    widths[least] = 0;
    return true;
}

/* Names are of no use when they are cut short too much: minor columns go before that. */
static void fit(const struct ra_rows *r, size_t *widths, size_t limit)
{
    enum { READABLE = 24, LEAST = 12 };
    size_t bytes = r->n_columns * sizeof(*widths);
    ra_auto_free size_t *whole = ra_memdup(widths, bytes);
    while (!shrink(r, widths, limit, READABLE)) {
        if (!leave_out(r, whole)) {
            shrink(r, widths, limit, LEAST);
            return;
        }
        memcpy(widths, whole, bytes);
    }
}

/* The text, cut to `width` columns with an ellipsis in the middle third: both ends of a name tell it apart. */
static void add_cut(struct ra_buf *line, const char *text, size_t width)
{
    const char *mark = ra_locale_is_utf8() ? "\u2026" : "~";
    size_t n = strlen(text), head = (width - 1) * 2 / 3, tail = width - 1 - head;
    size_t i = 0, column = 0;
    uint32_t cp;
    while (column < head && i < n) {
        size_t len = ra_utf8_decode(text + i, n - i, &cp);
        ra_buf_add(line, text + i, len ? len : 1);
        i += len ? len : 1;
        column++;
    }
    ra_buf_adds(line, mark);
    size_t start = n;
    for (column = 0; column < tail && start > i; column++)
        do
            start--;
        while (start > i && ((unsigned char)text[start] & 0xc0) == 0x80);
    ra_buf_adds(line, text + start);
}

static void add_cell(const struct ra_rows *r, struct ra_buf *line, size_t c, const char *text, size_t width,
                     bool last)
{
    if (line->len)
        ra_buf_adds(line, "  ");
    size_t used = ra_text_width(text);
    if (used > width && r->columns[c].elastic) {
        add_cut(line, text, width);
        return;
    }
    int pad = used < width ? (int)(width - used) : 0;
    if (r->columns[c].align == RA_RIGHT)
        ra_buf_addf(line, "%*s%s", pad, "", text);
    else
        ra_buf_addf(line, "%s%*s", text, last ? 0 : pad, "");
}

static size_t last_shown(const struct ra_rows *r, const size_t *widths)
{
    size_t last = 0;
    for (size_t c = 0; c < r->n_columns; c++)
        if (is_shown(r, c, widths))
            last = c;
    return last;
}

void ra_rows_print(struct ra_rows *r, FILE *out)
{
    if (r->cells.n == 0)
        return;
    ra_auto_free size_t *widths = ra_calloc(r->n_columns, sizeof(*widths));
    measure(r, widths);
    fit(r, widths, ra_terminal_width(out));
    RA_BUF_AUTO line = {0};
    size_t last = last_shown(r, widths);
    for (size_t row = 0; row <= r->cells.n / r->n_columns; row++) {
        ra_buf_clear(&line);
        for (size_t c = 0; c < r->n_columns; c++) {
            const char *text = row == 0 ? r->columns[c].heading : r->cells.at[(row - 1) * r->n_columns + c];
            if (is_shown(r, c, widths))
                add_cell(r, &line, c, text, widths[c], c == last);
        }
        while (line.len && line.data[line.len - 1] == ' ')
            line.data[--line.len] = '\0';
        fprintf(out, "%s\n", ra_buf_str(&line));
    }
}
