/*
 * Build tool, not installed: `gen DIR` writes into a source tree what the tables know: DIR/completions, and in
 * the manual pages and the README the parts between marker lines. A verb that has no page yet gets a whole one,
 * whose prose is then kept by hand. `make gen` runs it; `make lint` runs it aside and compares.
 */
#include "mdoc.h"
#include "shells.h"

#include "base/clock.h"
#include "base/file.h"

enum { FILE_MAX = 1 << 20 };

static int save(const char *path, const struct ra_buf *content, struct ra_err *err)
{
    RA_BUF_AUTO old = {0};
    if (ra_file_read(path, FILE_MAX, &old, NULL) == 0 && ra_streq(ra_buf_str(&old), ra_buf_str(content)))
        return 0;
    RA_AUTO_PTR(ra_atomic_file) f = NULL;
    int rc = ra_atomic_open(path, 0666, &f, err);
    if (rc == 0)
        rc = ra_fd_write_all(ra_atomic_fd(f), path, content->data, content->len, err);
    if (rc < 0)
        return rc;
    fprintf(stderr, "  GEN     %s\n", path);
    return ra_atomic_commit(ra_steal_ptr(&f), err);
}

/* Replaces what is between the lines that contain "begin NAME" and "end NAME". INVALID where they are missing. */
static int replace_part(struct ra_buf *page, const char *path, const char *name, const char *part,
                        struct ra_err *err)
{
    ra_auto_free char *begin = ra_asprintf(" begin %s", name);
    ra_auto_free char *end = ra_asprintf(" end %s", name);
    const char *text = ra_buf_str(page);
    const char *from = strstr(text, begin);
    from = from ? strchr(from, '\n') : NULL;
    const char *to = from ? strstr(from, end) : NULL;
    if (!to)
        return ra_fail(err, RA_INVALID, "'%s' has no lines with '%s' and '%s'", path, begin + 1, end + 1);
    while (to[-1] != '\n')
        to--;
    struct ra_buf fresh = {0};
    ra_buf_add(&fresh, text, (size_t)(from + 1 - text));
    ra_buf_adds(&fresh, part);
    ra_buf_adds(&fresh, to);
    ra_buf_release(page);
    *page = fresh;
    return 0;
}

struct part {
    const char *name;
    void (*write)(struct ra_buf *out, const struct ra_cmd *cmd);
};

static int update(const char *path, const struct ra_cmd *cmd, const struct part *parts, struct ra_err *err)
{
    RA_BUF_AUTO page = {0};
    int rc = ra_file_read(path, FILE_MAX, &page, err);
    if (rc == -RA_NOTFOUND && cmd) {
        ra_err_clear(err);
        ra_mdoc_page(&page, cmd);
        rc = 0;
    }
    for (const struct part *p = parts; rc == 0 && p->name; p++) {
        RA_BUF_AUTO text = {0};
        p->write(&text, cmd);
        rc = replace_part(&page, path, p->name, ra_buf_str(&text), err);
    }
    return rc < 0 ? rc : save(path, &page, err);
}

static const struct part verb_page[] = {{"synopsis", ra_mdoc_synopsis}, {"options", ra_mdoc_options}, {0}};
static const struct part main_page[] = {
    {"verbs", ra_mdoc_verbs}, {"options", ra_mdoc_options}, {"findings", ra_mdoc_findings}, {0}};
static const struct part readme[] = {{"verbs", ra_mdoc_readme_verbs}, {0}};

static int write_pages(const char *dir, struct ra_err *err)
{
    int rc = 0;
    for (const struct ra_cmd *const *c = ra_commands; rc == 0 && *c; c++) {
        ra_auto_free char *path = ra_asprintf("%s/man/regadm-%s.1", dir, (*c)->name);
        if (!((*c)->flags & RA_CMD_HIDDEN))
            rc = update(path, *c, verb_page, err);
    }
    ra_auto_free char *path = ra_asprintf("%s/man/regadm.1", dir);
    return rc < 0 ? rc : update(path, NULL, main_page, err);
}

static int write_completions(const char *dir, struct ra_err *err)
{
    int rc = 0;
    for (const struct ra_shell *shell = ra_shells; rc == 0 && shell->name; shell++) {
        ra_auto_free char *path = ra_asprintf("%s/completions/%s", dir, shell->file);
        RA_BUF_AUTO script = {0};
        shell->write(&script);
        rc = save(path, &script, err);
    }
    return rc;
}

static int write_readme(const char *dir, struct ra_err *err)
{
    ra_auto_free char *path = ra_asprintf("%s/README.md", dir);
    int rc = update(path, NULL, readme, err);
    if (rc != -RA_NOTFOUND)
        return rc;
    ra_err_clear(err);
    return 0;
}

int main(int argc, char **argv)
{
    RA_ERR_AUTO err = {0};
    if (argc != 2)
        return fputs("usage: gen DIR\n", stderr), 2;
    int rc = write_completions(argv[1], &err);
    if (rc == 0)
        rc = write_pages(argv[1], &err);
    if (rc == 0)
        rc = write_readme(argv[1], &err);
    if (rc < 0)
        fprintf(stderr, "gen: %s\n", ra_err_text(&err));
    return rc < 0;
}
