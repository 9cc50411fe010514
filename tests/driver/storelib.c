#include "driver/conformance.h"

#include "base/str.h"
#include "base/vec.h"

static const char *const kinds[] = {[RA_OBJECT] = "object", [RA_PREFIX] = "prefix", [RA_OTHER] = "other"};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *t_list(struct ra_store *s, const char *prefix, const struct ra_list_opts *opts)
{
    RA_AUTO_PTR(ra_list) l = NULL;
    RA_ERR_AUTO err = {0};
    RA_VEC(char *) lines = {0};
    RA_BUF_AUTO text = {0};
    struct ra_page page;
    int rc = ra_list_open(s, prefix, opts, &l, &err);
    if (rc != -RA_NOTFOUND)
        t_ok(rc, &err);
    while (!rc && (rc = ra_list_next(l, &page, &err)) > 0) {
        for (size_t i = 0; i < page.n; i++) {
            const struct ra_entry *e = &page.at[i];
            bool sized = opts->want & RA_WANT_SIZE && e->st.kind == RA_OBJECT;
            ra_auto_free char *size = sized ? ra_asprintf(" %llu", (unsigned long long)e->st.size) : NULL;
            *ra_vec_push(&lines) = ra_asprintf("%s %s%s\n", e->name, kinds[e->st.kind], size ? size : "");
        }
        rc = 0;
    }
    if (rc != -RA_NOTFOUND)
        t_ok(rc, &err);
    if (lines.n)
        qsort(lines.at, lines.n, sizeof(lines.at[0]), by_text);
    ra_vec_each (line, &lines) {
        ra_buf_adds(&text, *line);
        free(*line);
    }
    ra_vec_release(&lines);
    return t_fmt("%s", ra_buf_str(&text));
}

const char *t_keys(struct ra_store *s, const char *prefix)
{
    return t_list(s, prefix, &(struct ra_list_opts){.mode = RA_LIST_DEEP, .want = RA_WANT_SIZE});
}

void t_put(struct ra_store *s, const char *key, const char *text)
{
    RA_ERR_AUTO err = {0};
    t_ok(ra_store_put(s, key, text, strlen(text), 0, &err), &err);
}

const char *t_get(struct ra_store *s, const char *key)
{
    RA_ERR_AUTO err = {0};
    RA_BUF_AUTO buf = {0};
    t_ok(ra_store_get(s, key, 1 << 24, &buf, NULL, &err), &err);
    return t_fmt("%s", ra_buf_str(&buf));
}
