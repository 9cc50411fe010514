#include "format/members.h"

#include "base/file.h"
#include "base/names.h"
#include "base/str.h"
#include "base/vec.h"
#include "format/tar.h"

#include <fcntl.h>
#include <fts.h>
#include <sys/stat.h>

#define LINKS_MAX 8

struct entry {
    int kind; /* enum ra_tar_kind, ABSENT or ASTRAY */
    uint64_t size, offset;
    uint32_t target; /* of links: the number of the name it leads to */
};

struct ra_members {
    int fd; /* the tar, or the folder */
    bool folder, ended, trailing;
    struct ra_names names;
    size_t text;                  /* bytes of all names */
    RA_VEC(struct entry) entries; /* by the numbers of names */
};

/* The kind of a name that a link mentions and no member has, so far. */
#define ABSENT (-1)
#define ASTRAY (-2)

void ra_members_close(struct ra_members *m)
{
    if (!m)
        return;
    if (m->fd >= 0)
        close(m->fd);
    ra_names_release(&m->names);
    ra_vec_release(&m->entries);
    free(m);
}

bool ra_members_ended(const struct ra_members *m)
{
    return m->ended;
}

bool ra_members_trailing(const struct ra_members *m)
{
    return m->trailing;
}

/* --- names -------------------------------------------------------------------------------------------------- */

static int refuse_name(const char *name, size_t n, const char *why, struct ra_err *err)
{
    RA_BUF_AUTO safe = {0};
    ra_text_safe(&safe, name, n < 200 ? n : 200);
    return ra_fail(err, RA_INVALID, "member '%s': %s", ra_buf_str(&safe), why);
}

static const char *text_fault(const char *s, size_t n)
{
    uint32_t cp;
    size_t step;
    for (size_t i = 0; i < n; i += step) {
        if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
            return "its name has a control character";
        if ((step = ra_utf8_decode(s + i, n - i, &cp)) == 0)
            return "its name is not UTF-8";
    }
    return NULL;
}

/* Appends the components of path to `out`, which holds the folder they start from; NULL, or what is wrong. */
static const char *join(struct ra_buf *out, const char *path, size_t n, bool may_climb)
{
    const char *end = path + n;
    while (path < end) {
        const char *slash = memchr(path, '/', (size_t)(end - path));
        size_t len = (size_t)((slash ? slash : end) - path);
        if (len == 2 && memcmp(path, "..", 2) == 0) {
            if (!may_climb || out->len == 0)
                return may_climb ? "it leads out of the archive" : "its name has '..' in it";
            const char *last = memrchr(out->data, '/', out->len);
            out->len = last ? (size_t)(last - out->data) : 0;
        } else if (len > 0 && !(len == 1 && *path == '.')) {
            if (out->len)
                ra_buf_addc(out, '/');
            ra_buf_add(out, path, len);
        }
        path = slash ? slash + 1 : end;
    }
    if (out->data)
        out->data[out->len] = '\0';
    return NULL;
}

/* The name as the map has it: "a/b", without "./", "//" and a trailing "/". NULL, or what is wrong. */
static const char *smooth(struct ra_buf *out, const char *name, size_t n)
{
    const char *fault = text_fault(name, n);
    if (!fault && n && name[0] == '/')
        fault = "its name is absolute";
    return fault ? fault : join(out, name, n, false);
}

/* Where a link leads: symlinks count from their own folder, hard links from the top. */
static const char *link_target(struct ra_buf *out, const char *name, const char *link, size_t n, bool hard)
{
    const char *fault = text_fault(link, n);
    if (fault || n == 0)
        return "what it links to is no name";
    if (link[0] == '/')
        return "it links to an absolute name";
    const char *slash = strrchr(name, '/');
    if (!hard && slash)
        ra_buf_add(out, name, (size_t)(slash - name));
    fault = join(out, link, n, true);
    return fault ? fault : out->len == 0 ? "it links to the whole archive" : NULL;
}

static struct entry *entry_of(struct ra_members *m, const char *name, size_t n)
{
    bool fresh;
    uint32_t number = ra_names_add(&m->names, name, n, &fresh);
    if (fresh) {
        *ra_vec_push(&m->entries) = (struct entry){.kind = ABSENT};
        m->text += n;
    }
    return &m->entries.at[number];
}

/* --- reading ------------------------------------------------------------------------------------------------ */

int ra_member_open(const struct ra_members *m, const struct ra_found *f, struct ra_member_reader *out,
                   struct ra_err *err)
{
    const struct entry *e = &m->entries.at[f->index];
    *out = (struct ra_member_reader){m->fd, false, e->offset, e->size, m->names.at[f->index]};
    if (!m->folder)
        return 0;
    out->fd = ra_open_beneath(m->fd, out->name, O_RDONLY | O_NONBLOCK);
    out->owns_fd = true;
    return out->fd < 0 ? ra_fail_sys(err, "cannot open '%s'", out->name) : 0;
}

ssize_t ra_member_read(struct ra_member_reader *r, void *p, size_t n, struct ra_err *err)
{
    size_t want = n < r->left ? n : (size_t)r->left;
    ssize_t got;
    if (want == 0)
        return 0;
    do
        got = pread(r->fd, p, want, (off_t)r->at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return ra_fail_sys(err, "cannot read member '%s'", r->name);
    if (got == 0)
        return ra_fail(err, RA_CORRUPT, "member '%s' ends early", r->name);
    r->at += (uint64_t)got;
    r->left -= (uint64_t)got;
    return got;
}

void ra_member_reader_release(struct ra_member_reader *r)
{
    if (r->owns_fd && r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

int ra_members_read(const struct ra_members *m, const struct ra_found *f, size_t limit, struct ra_buf *out,
                    struct ra_err *err)
{
    if (f->size > limit)
        return ra_fail(err, RA_TOOBIG, "member '%s' has %llu bytes, more than %zu", f->name,
                       (unsigned long long)f->size, limit);
    RA_AUTO(ra_member_reader, _release) r = {.fd = -1};
    int rc = ra_member_open(m, f, &r, err);
    while (rc == 0 && r.left > 0) {
        ssize_t got = ra_member_read(&r, ra_buf_reserve(out, (size_t)r.left), (size_t)r.left, err);
        if (got < 0)
            return (int)got;
        out->len += (size_t)got;
    }
    return rc;
}

int ra_members_find(const struct ra_members *m, const char *name, struct ra_found *out, struct ra_err *err)
{
    RA_BUF_AUTO path = {0};
    const char *fault = smooth(&path, name, strlen(name));
    if (fault)
        return refuse_name(name, strlen(name), fault, err);
    uint32_t at = ra_names_find(&m->names, ra_buf_str(&path), path.len);
    if (at == RA_NO_NAME || m->entries.at[at].kind == ABSENT)
        return ra_fail(err, RA_NOTFOUND, "there is no member '%s'", ra_buf_str(&path));
    for (unsigned hops = 0; hops <= LINKS_MAX; hops++) {
        const struct entry *e = &m->entries.at[at];
        switch (e->kind) {
        case RA_TAR_FILE:
            *out = (struct ra_found){at, e->size, m->names.at[at]};
            return 0;
        case RA_TAR_SYMLINK:
        case RA_TAR_HARDLINK:
            at = e->target;
            break;
        case ABSENT:
            return ra_fail(err, RA_CORRUPT, "member '%s' links to '%s', which is not there",
                           ra_buf_str(&path), m->names.at[at]);
        case ASTRAY:
            return ra_fail(err, RA_CORRUPT,
                           "member '%s' is a link to nothing, or out of the folder; on Linux before 5.6 no "
                           "link is followed",
                           m->names.at[at]);
        default:
            return ra_fail(err, RA_CORRUPT, "member '%s' is %s", m->names.at[at],
                           e->kind == RA_TAR_FOLDER   ? "a folder"
                           : e->kind == RA_TAR_SPARSE ? "sparse, which is not understood here"
                                                      : "a device or a fifo");
        }
    }
    return ra_fail(err, RA_CORRUPT, "member '%s' links in circles", ra_buf_str(&path));
}

bool ra_members_has_below(const struct ra_members *m, const char *folder)
{
    size_t n = strlen(folder);
    for (uint32_t i = 0; i < m->names.n; i++) {
        const char *name = m->names.at[i];
        if (strncmp(name, folder, n) == 0 && (name[n] == '/' || name[n] == '\0'))
            return true;
    }
    return false;
}

int ra_members_get(const struct ra_members *m, const char *name, size_t limit, struct ra_buf *out,
                   struct ra_err *err)
{
    struct ra_found f;
    int rc = ra_members_find(m, name, &f, err);
    return rc < 0 ? rc : ra_members_read(m, &f, limit, out, err);
}

/* --- a tar file --------------------------------------------------------------------------------------------- */

/* 1 when both hold the same bytes. */
static int same_bytes(int fd, uint64_t a, uint64_t b, uint64_t size, struct ra_err *err)
{
    enum { PIECE = 65536 };
    ra_auto_free char *left = ra_io_buffer(PIECE), *right = ra_io_buffer(PIECE);
    struct ra_member_reader one = {fd, false, a, size, "twin"}, other = {fd, false, b, size, "twin"};
    while (one.left > 0) {
        ssize_t n = ra_member_read(&one, left, PIECE, err);
        for (ssize_t got = 0, some; n > 0 && got < n; got += some)
            if ((some = ra_member_read(&other, right + got, (size_t)(n - got), err)) < 0)
                return (int)some;
        if (n < 0)
            return (int)n;
        if (memcmp(left, right, (size_t)n) != 0)
            return 0;
    }
    return 1;
}

/* Of two members with one name some tools take the first, others the last: they must not differ. */
static int check_twin(const struct ra_members *m, const struct entry *old, const struct entry *new,
                      const char *name, struct ra_err *err)
{
    bool same = old->kind == new->kind && old->size == new->size && old->target == new->target;
    if (same && old->kind == RA_TAR_FILE) {
        int rc = same_bytes(m->fd, old->offset, new->offset, old->size, err);
        if (rc < 0)
            return rc;
        same = rc;
    }
    return same ? 0 : refuse_name(name, strlen(name), "it is there twice, with different content", err);
}

static int add_member(struct ra_members *m, const struct ra_tar_member *from, struct ra_err *err)
{
    RA_BUF_AUTO name = {0};
    RA_BUF_AUTO target = {0};
    struct entry e = {.kind = from->kind, .size = from->size, .offset = from->offset, .target = RA_NO_NAME};
    const char *fault = smooth(&name, from->name, from->name_len);
    if (!fault && (e.kind == RA_TAR_SYMLINK || e.kind == RA_TAR_HARDLINK))
        fault =
            link_target(&target, ra_buf_str(&name), from->link, from->link_len, e.kind == RA_TAR_HARDLINK);
    if (!fault && name.len == 0 && e.kind != RA_TAR_FOLDER)
        fault = "it has no name";
    if (fault)
        return refuse_name(from->name, from->name_len, fault, err);
    if (name.len == 0)
        return 0;
    if (m->names.n >= RA_MEMBERS_MAX || m->text + name.len + target.len > RA_MEMBERS_TEXT_MAX)
        return ra_fail(err, RA_TOOBIG, "the archive has too many members");
    if (target.len)
        e.target = (uint32_t)(entry_of(m, ra_buf_str(&target), target.len) - m->entries.at);
    struct entry *old = entry_of(m, ra_buf_str(&name), name.len);
    int rc = old->kind == ABSENT ? 0 : check_twin(m, old, &e, ra_buf_str(&name), err);
    *old = rc == 0 ? e : *old;
    return rc;
}

static int scan(struct ra_members *m, struct ra_err *err)
{
    struct ra_tar_fd fd;
    if (lseek(m->fd, 0, SEEK_SET) < 0)
        return ra_fail_sys(err, "cannot seek in the archive");
    struct ra_tar_source from = ra_tar_fd_source(&fd, m->fd);
    RA_AUTO_PTR(ra_tar) tar = ra_tar_open(&from);
    struct ra_tar_member member;
    int rc;
    while ((rc = ra_tar_next(tar, &member, err)) > 0)
        if ((rc = add_member(m, &member, err)) < 0)
            return rc;
    if (rc < 0)
        return rc;
    m->ended = ra_tar_ended(tar);
    rc = ra_tar_drain(tar, err);
    m->trailing = rc > 0;
    return rc < 0 ? rc : 0;
}

int ra_members_open_tar(int fd, struct ra_members **out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_members) m = ra_new(struct ra_members);
    m->fd = fd;
    int rc = scan(m, err);
    if (rc == 0)
        *out = ra_steal_ptr(&m);
    return rc;
}

/* --- a folder ----------------------------------------------------------------------------------------------- */

/* A link that leads nowhere, or out, is known by name only. */
static int add_file(struct ra_members *m, const char *name, struct ra_err *err)
{
    struct stat st = {0};
    ra_auto_fd int fd = ra_open_beneath(m->fd, name, O_RDONLY | O_NONBLOCK);
    const char *fault = text_fault(name, strlen(name));
    bool astray = fd < 0 && (errno == ENOENT || errno == EXDEV || errno == ELOOP);
    if (!astray && (fd < 0 || fstat(fd, &st) < 0))
        return ra_fail_sys(err, "cannot open '%s'", name);
    if (fault)
        return refuse_name(name, strlen(name), fault, err);
    if (m->names.n >= RA_MEMBERS_MAX || m->text > RA_MEMBERS_TEXT_MAX)
        return ra_fail(err, RA_TOOBIG, "the folder has too many files");
    struct entry *e = entry_of(m, name, strlen(name));
    *e = (struct entry){.kind = astray                ? ASTRAY
                                : S_ISREG(st.st_mode) ? RA_TAR_FILE
                                : S_ISDIR(st.st_mode) ? RA_TAR_FOLDER
                                                      : RA_TAR_SPECIAL,
                        .size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0};
    return 0;
}

static void fts_free(FTS **walk)
{
    if (*walk)
        fts_close(*walk);
}

static int walk_folder(struct ra_members *m, const char *path, struct ra_err *err)
{
    char *roots[] = {(char *)path, NULL};
    __attribute__((cleanup(fts_free))) FTS *walk =
        fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
    if (!walk)
        return ra_fail_sys(err, "cannot read '%s'", path);
    size_t skip = strlen(path);
    for (FTSENT *e; (e = fts_read(walk));) {
        if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR)
            return ra_fail_errno(err, e->fts_errno, "cannot read '%s'", e->fts_path);
        if (e->fts_level < 1 || e->fts_info == FTS_D || e->fts_info == FTS_DP)
            continue;
        int rc = add_file(m, e->fts_path + skip + (e->fts_path[skip] == '/'), err);
        if (rc < 0)
            return rc;
    }
    return errno ? ra_fail_sys(err, "cannot read '%s'", path) : 0; /* fts_read's own */
}

int ra_members_open_folder(const char *path, struct ra_members **out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_members) m = ra_new(struct ra_members);
    m->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    m->folder = m->ended = true;
    if (m->fd < 0)
        return ra_fail_sys(err, "cannot open '%s'", path);
    int rc = walk_folder(m, path, err);
    if (rc == 0)
        *out = ra_steal_ptr(&m);
    return rc;
}
