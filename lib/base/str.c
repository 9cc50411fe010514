#include "base/str.h"

#include <ctype.h>
#include <langinfo.h>
#include <wchar.h>

bool ra_starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool ra_is_at_or_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && (path[n] == '/' || !path[n]);
}

bool ra_ends_with(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && ra_streq(s + n - m, suffix);
}

const char *ra_env_get(const char *const *env, const char *name)
{
    size_t n = strlen(name);
    for (; env && *env; env++)
        if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
            return (*env)[n + 1] ? *env + n + 1 : NULL;
    return NULL;
}

bool ra_has_glob(const char *s)
{
    return strpbrk(s, "*?") != NULL;
}

/* Where to go on after a mismatch: behind the last star, one character further into the text. */
struct star {
    const char *pattern, *text;
    bool crosses;
};

static bool retry(const struct star *st, const char **pattern, const char **text, struct star *update)
{
    if (!st->pattern || !*st->text || (!st->crosses && *st->text == '/'))
        return false;
    update->text = st->text + 1;
    *pattern = st->pattern;
    *text = update->text;
    return true;
}

bool ra_glob(const char *p, const char *t)
{
    /* Two kinds of star: one that stops at '/' may have to give way to an older one that does not. */
    struct star narrow = {0}, wide = {0};
    while (*t || *p) {
        if (*p == '*') {
            bool crosses = p[1] == '*';
            p += crosses ? 2 : 1;
            struct star here = {.pattern = p, .text = t, .crosses = crosses};
            if (crosses) {
                wide = here;
                narrow = (struct star){0};
            } else {
                narrow = here;
            }
            continue;
        }
        if (*t && (*p == *t || (*p == '?' && *t != '/'))) {
            p++, t++;
            continue;
        }
        if (retry(&narrow, &p, &t, &narrow))
            continue;
        narrow = (struct star){0};
        if (!retry(&wide, &p, &t, &wide))
            return false;
    }
    return true;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

unsigned ra_edit_distance(const char *a, const char *b)
{
    enum { MAX = 64 };
    size_t n = strlen(a), m = strlen(b);
    if (n >= MAX || m >= MAX)
        return MAX;
    unsigned rows[3][MAX + 1];
    for (unsigned j = 0; j <= m; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= n; i++) {
        unsigned *now = rows[i % 3], *before = rows[(i + 2) % 3], *older = rows[(i + 1) % 3];
        now[0] = i;
        for (unsigned j = 1; j <= m; j++) {
            now[j] = min3(before[j] + 1, now[j - 1] + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && older[j - 2] + 1 < now[j])
                now[j] = older[j - 2] + 1;
        }
    }
    return rows[n % 3][m];
}

static int number_cmp(const char **a, const char **b)
{
    while (**a == '0')
        ++*a;
    while (**b == '0')
        ++*b;
    size_t n = strspn(*a, "0123456789"), m = strspn(*b, "0123456789");
    int order = n != m ? (n < m ? -1 : 1) : strncmp(*a, *b, n);
    *a += n;
    *b += m;
    return order;
}

int ra_version_cmp(const char *a, const char *b)
{
    bool digits_a = strpbrk(a, "0123456789"), digits_b = strpbrk(b, "0123456789");
    if (digits_a != digits_b)
        return digits_a ? 1 : -1;
    if (!digits_a)
        return strcmp(a, b);
    const char *x = a + (*a == 'v' && isdigit((unsigned char)a[1]));
    const char *y = b + (*b == 'v' && isdigit((unsigned char)b[1]));
    while (*x && *y) {
        if (isdigit((unsigned char)*x) && isdigit((unsigned char)*y)) {
            int order = number_cmp(&x, &y);
            if (order)
                return order;
        } else if (*x != *y) {
            /* "1.2-rc1" ends its numbers earlier than "1.2.1" does */
            if (*x == '-' || *y == '-')
                return *x == '-' ? -1 : 1;
            return (unsigned char)*x < (unsigned char)*y ? -1 : 1;
        } else {
            x++, y++;
        }
    }
    if (!*x && !*y)
        return strcmp(a, b);
    if (!*x)
        return *y == '-' ? 1 : -1;
    return *x == '-' ? -1 : 1;
}

size_t ra_utf8_decode(const char *s, size_t n, uint32_t *cp)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *u = (const unsigned char *)s;
    if (n == 0)
        return 0;
    if (u[0] < 0x80) {
        *cp = u[0];
        return 1;
    }
    size_t len = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
    if (u[0] < 0xc2 || u[0] > 0xf4 || len > n)
        return 0;
    uint32_t value = u[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (u[i] & 0x3f);
    }
    if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 0;
    *cp = value;
    return len;
}

bool ra_is_harmful(uint32_t cp)
{
    bool control = cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
    bool direction =
        (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0x200e || cp == 0x200f;
    return control || direction || cp == 0x2028 || cp == 0x2029 || cp == 0xfeff;
}

void ra_text_safe(struct ra_buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t len = ra_utf8_decode(s + i, n - i, &cp);
        if (len && !ra_is_harmful(cp))
            ra_buf_add(out, s + i, len);
        else if (len && cp == '\n')
            ra_buf_adds(out, "\\n");
        else if (len && cp == '\t')
            ra_buf_adds(out, "\\t");
        else if (len > 1)
            ra_buf_addf(out, "\\u{%04x}", cp);
        else
            ra_buf_addf(out, "\\x%02x", (unsigned char)s[i]);
        i += len ? len : 1;
    }
}

bool ra_locale_is_utf8(void)
{
    return ra_streq(nl_langinfo(CODESET), "UTF-8");
}

size_t ra_text_width(const char *s)
{
    size_t n = strlen(s), width = 0;
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t len = ra_utf8_decode(s + i, n - i, &cp);
        int columns = len > 1 ? wcwidth((wchar_t)cp) : 1;
        width += columns > 0 ? (size_t)columns : columns == 0 ? 0 : 1;
        i += len ? len : 1;
    }
    return width;
}

void ra_strlist_add(struct ra_strlist *l, const char *s)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 8;
        l->at = ra_realloc_array(l->at, l->cap, sizeof(*l->at));
    }
    l->at[l->n++] = s;
}

void ra_strlist_release(struct ra_strlist *l)
{
    free(l->at);
    *l = (struct ra_strlist){0};
}
