#include "jobs/layers_parts.h"

#include "base/str.h"

static const char *kind_text(const struct ra_file *file)
{
    switch (file->kind) {
    case RA_MEMBER_FOLDER:
        return "a folder";
    case RA_MEMBER_BLOCK:
    case RA_MEMBER_CHARACTER:
        return "a device";
    case RA_MEMBER_FIFO:
        return "a pipe";
    default:
        return "no regular file";
    }
}

struct copying {
    const struct ra_sink *to;
    uint32_t member;
    bool done;
};

static int copy_member(void *arg, uint32_t number, const struct ra_member *m, struct ra_layertar *t,
                       struct ra_err *err)
{
    struct copying *c = arg;
    const void *p;
    ssize_t n;
    int rc = 0;
    (void)m;
    if (number != c->member)
        return 0;
    while (rc == 0 && (n = ra_layertar_data(t, &p, err)) != 0)
        rc = n < 0 ? (int)n : c->to->write(c->to->arg, p, (size_t)n, err);
    c->done = rc == 0;
    return rc < 0 ? rc : 1;
}

/* A file that is not found may be one of a layer that could not be read. */
static int no_file(const struct ra_layers *layers, const char *path, struct ra_err *err)
{
    RA_BUF_AUTO unread = {0};
    for (size_t i = 0; i < layers->list.n; i++)
        if (!layers->list.at[i].whole)
            ra_buf_addf(&unread, "%slayer %zu is %s", unread.len ? ", " : "", i + 1,
                        layers->list.at[i].present ? "damaged" : "missing");
    return unread.len ? ra_fail(err, RA_NOTFOUND, "'%s' was not found in what could be read: %s", path,
                                ra_buf_str(&unread))
                      : ra_fail(err, RA_NOTFOUND, "the image has no file '%s'", path);
}

int ra_layers_cat(const struct ra_job *job, const struct ra_layers *layers, const char *path,
                  const struct ra_sink *to, struct ra_err *err)
{
    const struct ra_file *file = ra_layertree_find(layers->tree, path);
    if (!file)
        return no_file(layers, path, err);
    if (file->kind != RA_MEMBER_FILE)
        return ra_fail(err, RA_UNSUPPORTED, "'%s' is %s", path, kind_text(file));
    struct copying c = {.to = to, .member = file->member};
    int rc = ra_layer_each(job, &layers->list.at[file->layer].digest, copy_member, &c, err);
    if (rc < 0)
        return ra_wrap(err, rc, "cannot read '%s'", path);
    return c.done ? 0 : ra_fail(err, RA_CORRUPT, "'%s' was there, and is not any more", path);
}
