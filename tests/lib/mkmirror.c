/*
 * mkmirror FROM TO: makes TO, a folder or an s3://... URL, hold the same objects as FROM, whatever they are. For tests
 * that prepare a storage and look at it in a folder, and let regadm work on it in a bucket. What is the same already
 * is left alone, with its time.
 */
#include "base/names.h"
#include "base/pool.h"
#include "base/str.h"
#include "store/s3.h"

#define LIMIT ((size_t)64 << 20)

extern char **environ;

struct mirror {
    struct ra_store *from, *to;
    struct ra_names wanted, there;
};

static void mirror_release(struct mirror *m)
{
    ra_store_close(m->from);
    ra_store_close(m->to);
    ra_names_release(&m->wanted);
    ra_names_release(&m->there);
}

static int open_place(const char *place, struct ra_store **out, struct ra_err *err)
{
    if (!ra_starts_with(place, "s3://"))
        return ra_fs_open(place, 0, out, err);
    RA_S3_CONFIG_AUTO c = {0};
    int rc = ra_s3_config_url(&c, place, err);
    if (rc == 0)
        rc = ra_s3_config_finish(&c, (const char *const *)environ, err);
    return rc < 0 ? rc : ra_s3_open(&c, out, err);
}

static int list(struct ra_store *s, struct ra_names *out, struct ra_err *err)
{
    struct ra_list_opts opts = {.mode = RA_LIST_DEEP};
    RA_AUTO_PTR(ra_list) l = NULL;
    struct ra_page page;
    int rc = ra_list_open(s, "", &opts, &l, err);
    while (rc == 0 && (rc = ra_list_next(l, &page, err)) > 0) {
        for (size_t i = 0; i < page.n; i++)
            if (page.at[i].st.kind == RA_OBJECT)
                ra_names_add(out, page.at[i].name, strlen(page.at[i].name), NULL);
        rc = 0;
    }
    return rc;
}

static int remove_others(struct mirror *m, struct ra_err *err)
{
    for (uint32_t i = 0; i < m->there.n; i++) {
        struct ra_removal item = {.key = m->there.at[i]};
        if (ra_names_find(&m->wanted, item.key, strlen(item.key)) != RA_NO_NAME)
            continue;
        int rc = ra_store_remove(m->to, &item, 1, RA_ANY_AGE, err);
        if (rc == 0 && item.status < 0)
            rc = ra_fail(err, (enum ra_code) - item.status, "cannot remove '%s'", item.key);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int copy_one(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct mirror *m = arg;
    const char *key = m->wanted.at[i];
    RA_BUF_AUTO want = {0};
    RA_BUF_AUTO have = {0};
    (void)worker;
    int rc = ra_store_get(m->from, key, LIMIT, &want, NULL, err);
    if (rc < 0)
        return rc;
    bool there = ra_names_find(&m->there, key, strlen(key)) != RA_NO_NAME;
    if (there && ra_store_get(m->to, key, LIMIT, &have, NULL, NULL) == 0 && have.len == want.len &&
        memcmp(ra_buf_str(&have), ra_buf_str(&want), want.len) == 0)
        return 0;
    return ra_store_put(m->to, key, ra_buf_str(&want), want.len, 0, err);
}

static int mirror(struct mirror *m, const char *from, const char *to, struct ra_err *err)
{
    int rc = open_place(from, &m->from, err);
    if (rc == 0)
        rc = open_place(to, &m->to, err);
    if (rc == 0)
        rc = list(m->from, &m->wanted, err);
    if (rc == 0)
        rc = list(m->to, &m->there, err);
    if (rc == 0)
        rc = remove_others(m, err);
    return rc < 0 ? rc : ra_parallel(8, m->wanted.n, copy_one, m, err);
}

int main(int argc, char **argv)
{
    RA_ERR_AUTO err = {0};
    __attribute__((cleanup(mirror_release))) struct mirror m = {0};
    if (argc != 3) {
        fputs("usage: mkmirror FROM TO\n", stderr);
        return 2;
    }
    if (mirror(&m, argv[1], argv[2], &err) == 0)
        return 0;
    fprintf(stderr, "mkmirror: %s\n", ra_err_text(&err));
    return 1;
}
