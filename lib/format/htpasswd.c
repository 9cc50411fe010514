#include "format/htpasswd.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void parse(struct ra_htline *line)
{
    const char *at = line->at, *end = line->at + line->n;
    while (at < end && is_blank(*at))
        at++;
    while (end > at && is_blank(end[-1]))
        end--;
    if (at == end || *at == '#')
        return;
    const char *colon = memchr(at, ':', (size_t)(end - at));
    line->kind = colon ? RA_HTLINE_RECORD : RA_HTLINE_BROKEN;
    if (!colon)
        return;
    line->user = at;
    line->user_n = (size_t)(colon - at);
    line->hash = colon + 1;
    line->hash_n = (size_t)(end - colon - 1);
}

bool ra_htline_next(const char *text, size_t n, size_t *at, struct ra_htline *line)
{
    if (*at >= n)
        return false;
    const char *end = memchr(text + *at, '\n', n - *at);
    size_t next = end ? (size_t)(end - text) + 1 : n;
    *line = (struct ra_htline){.number = line->number + 1, .at = text + *at, .n = next - *at};
    *at = next;
    parse(line);
    return true;
}

int ra_htpasswd_check_user(const char *user, struct ra_err *err)
{
    if (strlen(user) > RA_HTPASSWD_USER_MAX)
        return ra_fail(err, RA_TOOBIG, "username too long (> %d)", RA_HTPASSWD_USER_MAX);
    if (!*user)
        return ra_fail(err, RA_INVALID, "username is empty");
    if (strchr(user, ':'))
        return ra_fail(err, RA_INVALID, "username contains illegal character ':'");
    if (strpbrk(user, "\r\n"))
        return ra_fail(err, RA_INVALID, "username contains a line break");
    if (is_blank(*user) || *user == '#')
        return ra_fail(err, RA_INVALID, "username begins with '%c', which no reader of the file would find",
                       *user);
    return 0;
}

int ra_htpasswd_check_record(const char *user, const char *hash, struct ra_err *err)
{
    size_t n = strlen(user) + 1 + strlen(hash) + 1;
    return n <= RA_HTPASSWD_LINE_MAX ? 0 : ra_fail(err, RA_TOOBIG, "resultant record too long");
}

/* --- editing --- */

static int compare(const void *left, const void *right)
{
    const struct ra_htchange *const *a = left, *const *b = right;
    return strcmp((*a)->user, (*b)->user);
}

static int compare_name(const void *key, const void *element)
{
    const struct ra_htline *line = key;
    const struct ra_htchange *const *change = element;
    size_t n = strlen((*change)->user);
    int order = memcmp(line->user, (*change)->user, line->user_n < n ? line->user_n : n);
    return order ? order : (line->user_n > n) - (line->user_n < n);
}

static void add_record(struct ra_buf *out, const struct ra_htchange *change)
{
    if (out->len > 0 && out->data[out->len - 1] != '\n')
        ra_buf_addc(out, '\n');
    ra_buf_addf(out, "%s:%s\n", change->user, change->hash);
}

static void edit_line(struct ra_buf *out, const struct ra_htline *line, struct ra_htchange **by_name,
                      size_t n)
{
    struct ra_htchange **found = NULL;
    if (line->kind == RA_HTLINE_RECORD)
        found = bsearch(line, by_name, n, sizeof(struct ra_htchange *), compare_name);
    if (!found) {
        ra_buf_add(out, line->at, line->n);
        return;
    }
    (*found)->matched++;
    if ((*found)->hash)
        add_record(out, *found);
}

int ra_htpasswd_edit(const char *text, size_t n, struct ra_htchange *changes, size_t n_changes,
                     struct ra_buf *out, struct ra_err *err)
{
    ra_auto_free struct ra_htchange **by_name = ra_calloc(n_changes, sizeof(struct ra_htchange *));
    for (size_t i = 0; i < n_changes; i++)
        changes[i].matched = 0, by_name[i] = &changes[i];
    qsort(by_name, n_changes, sizeof(struct ra_htchange *), compare);
    struct ra_htline line = {0};
    for (size_t at = 0; ra_htline_next(text, n, &at, &line);) {
        if (line.kind == RA_HTLINE_BROKEN)
            return ra_fail(err, RA_CORRUPT, "line %zu has no ':'", line.number);
        edit_line(out, &line, by_name, n_changes);
    }
    for (size_t i = 0; i < n_changes; i++)
        if (changes[i].hash && changes[i].matched == 0)
            add_record(out, &changes[i]);
    return 0;
}
