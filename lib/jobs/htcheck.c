#include "jobs/htcheck.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"

/* --- who is in it --- */

void ra_htlist_release(struct ra_htlist *l)
{
    ra_buf_release(&l->text);
    ra_vec_release(&l->users);
    *l = (struct ra_htlist){0};
}

static bool refuses(const struct ra_htline *line)
{
    return line->kind == RA_HTLINE_BROKEN || line->n > RA_HTPASSWD_SCAN_MAX;
}

static void read_lines(struct ra_htlist *l)
{
    struct ra_htline line = {0};
    for (size_t at = 0; ra_htline_next(ra_buf_str(&l->text), l->text.len, &at, &line);) {
        if (refuses(&line) && l->refused == 0)
            l->refused = line.number;
        if (line.kind == RA_HTLINE_RECORD)
            *ra_vec_push(&l->users) =
                (struct ra_htuser){.line = line, .hash = ra_passhash_inspect(line.hash, line.hash_n)};
    }
}

static int compare_names(const struct ra_htline *a, const struct ra_htline *b)
{
    int order = memcmp(a->user, b->user, a->user_n < b->user_n ? a->user_n : b->user_n);
    return order ? order : (a->user_n > b->user_n) - (a->user_n < b->user_n);
}

static int by_name(const void *left, const void *right)
{
    const struct ra_htuser *const *a = left, *const *b = right;
    int order = compare_names(&(*a)->line, &(*b)->line);
    return order ? order : ((*a)->line.number > (*b)->line.number) - ((*a)->line.number < (*b)->line.number);
}

static void hide_twins(struct ra_htlist *l)
{
    ra_auto_free struct ra_htuser **sorted = ra_calloc(l->users.n, sizeof(*sorted));
    for (size_t i = 0; i < l->users.n; i++)
        sorted[i] = &l->users.at[i];
    qsort(sorted, l->users.n, sizeof(*sorted), by_name);
    for (size_t i = l->users.n; i-- > 1;) {
        const struct ra_htuser *next = sorted[i];
        if (compare_names(&sorted[i - 1]->line, &next->line) == 0)
            sorted[i - 1]->hidden_by = next->hidden_by ? next->hidden_by : next->line.number;
    }
}

int ra_htpasswd_list(const char *path, struct ra_htlist *out, struct ra_err *err)
{
    int rc = ra_file_read(path, RA_HTPASSWD_MAX, &out->text, err);
    if (rc < 0)
        return rc;
    read_lines(out);
    hide_twins(out);
    ra_vec_each (u, &out->users)
        u->accepted = u->hash.whole && !u->hidden_by && !out->refused;
    return 0;
}

/* --- what is wrong with it --- */

struct check {
    struct ra_findings *findings;
    struct ra_place at;
    double base_seconds; /* of bcrypt at cost 0, in theory; measured when it is first needed */
};

#define FIND(c, severity, code, ...) ra_find((c)->findings, severity, code, &(c)->at, __VA_ARGS__)

/* Each step doubles the time. */
static const char *time_of(struct check *c, uint64_t cost, char out[static RA_TIME_TEXT])
{
    enum { SAMPLE = 6 };
    char hash[RA_PASSHASH_TEXT];
    if (c->base_seconds <= 0) {
        double start = ra_time_monotonic();
        ra_passhash_make(RA_PASSHASH_BCRYPT, SAMPLE, "a password", hash, NULL);
        c->base_seconds = (ra_time_monotonic() - start) / (1 << SAMPLE);
    }
    double seconds = c->base_seconds * (double)(UINT64_C(1) << cost);
    if (seconds >= 60)
        return ra_duration_text(seconds, out);
    snprintf(out, RA_TIME_TEXT, seconds < 1 ? "%.0f ms" : "%.1f s", seconds < 1 ? seconds * 1000 : seconds);
    return out;
}

static bool has_text(const char *s, size_t n, const char *text)
{
    return memmem(s, n, text, strlen(text)) != NULL;
}

/* Two records on one line, as `>>` makes them of a file whose last line has no end. */
static bool is_glued(const struct ra_htuser *u)
{
    const char *s = u->line.hash;
    size_t n = u->line.hash_n;
    return has_text(s, n, ":$2") || has_text(s, n, ":$apr1$") || has_text(s, n, ":{SHA}") ||
           has_text(s, n, ":$5$") || has_text(s, n, ":$6$");
}

static void check_cost(struct check *c, const struct ra_htuser *u, const char *who)
{
    char time[RA_TIME_TEXT];
    unsigned long long cost = u->hash.cost;
    if (cost < RA_HT_COST_LOW)
        FIND(c, RA_WARNING, "user-cost-low", "%s: cost %llu takes %s a guess; %d or more is usual", who, cost,
             time_of(c, cost, time), RA_HT_COST_LOW);
    if (cost > RA_HT_COST_HIGH)
        FIND(c, RA_WARNING, "user-cost-high",
             "%s: cost %llu takes about %s of processor time in every request to the registry", who, cost,
             time_of(c, cost, time));
}

static void check_hash(struct check *c, const struct ra_htuser *u, const char *who)
{
    if (is_glued(u))
        FIND(c, RA_ERROR, "user-glued", "%s: a second record is glued to this one; its user cannot log in",
             who);
    else if (u->hash.kind == RA_PASSHASH_NONE)
        FIND(c, RA_ERROR, "user-hash", "%s: there is no hash; the user cannot log in", who);
    else if (u->hash.kind != RA_PASSHASH_BCRYPT)
        FIND(c, RA_ERROR, "user-not-bcrypt",
             "%s: the hash is %s; the registry takes bcrypt only and refuses the user", who,
             ra_passhash_name(u->hash.kind));
    else if (!u->hash.whole)
        FIND(c, RA_ERROR, "user-hash", "%s: the bcrypt hash is damaged; the user cannot log in", who);
    else
        check_cost(c, u, who);
}

static void check_user(struct check *c, const struct ra_htuser *u)
{
    RA_ERR_AUTO why = {0};
    ra_auto_free char *name = ra_strndup(u->line.user, u->line.user_n);
    ra_auto_free char *who = ra_asprintf("line %zu, user '%s'", u->line.number, name);
    if (ra_htpasswd_check_user(name, &why) < 0)
        FIND(c, RA_WARNING, "user-name", "line %zu: %s", u->line.number, ra_err_text(&why));
    if (u->hidden_by)
        FIND(c, RA_WARNING, "user-twice", "%s: line %zu has the user again, and counts instead", who,
             u->hidden_by);
    check_hash(c, u, who);
}

static void check_lines(struct check *c, const struct ra_buf *text)
{
    struct ra_htline line = {0};
    for (size_t at = 0; ra_htline_next(ra_buf_str(text), text->len, &at, &line);) {
        if (line.kind == RA_HTLINE_BROKEN)
            FIND(c, RA_ERROR, "users-no-colon",
                 "line %zu has no ':'; the registry refuses the whole file, and everybody in it",
                 line.number);
        if (line.n > RA_HTPASSWD_SCAN_MAX)
            FIND(c, RA_ERROR, "users-long-line",
                 "line %zu is longer than 64 KiB; the registry refuses the whole file", line.number);
        else if (line.kind == RA_HTLINE_RECORD && line.n > RA_HTPASSWD_LINE_MAX)
            FIND(c, RA_WARNING, "users-long-line",
                 "line %zu is longer than %d bytes; Apache's htpasswd refuses the whole file", line.number,
                 RA_HTPASSWD_LINE_MAX);
    }
    if (text->len > 0 && text->data[text->len - 1] != '\n')
        FIND(c, RA_WARNING, "users-no-end",
             "line %zu, the last one, has no line end: '>>' and Apache's htpasswd will glue the next record "
             "to it",
             line.number);
}

int ra_htpasswd_check(const struct ra_job *job, const char *path, struct ra_err *err)
{
    RA_HTLIST_AUTO list = {0};
    struct check c = {.findings = job->findings, .at = {.path = path}};
    int rc = ra_htpasswd_list(path, &list, err);
    if (rc < 0)
        return rc;
    check_lines(&c, &list.text);
    ra_vec_each (u, &list.users)
        check_user(&c, u);
    return 0;
}
