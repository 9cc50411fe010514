#include "format/members.h"

#include "base/file.h"
#include "base/names.h"
#include "base/str.h"
#include "base/vec.h"
#include "format/member_names.h"
#include "format/tar.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#define LINKS_MAX 8

/* The kind of a name that a link mentions and no member has, so far; and of a link to nothing, or out. */
enum { ABSENT = RA_TAR_SPARSE + 1, ASTRAY };

#define SIZE_BITS 60
struct entry {
    uint64_t at; /* of files in a tar: where their bytes are; of links: the index of the name it leads to */
    uint64_t size : SIZE_BITS;
    uint64_t kind : 64 - SIZE_BITS; /* enum ra_tar_kind, ABSENT or ASTRAY */
};

struct ra_members {
    int fd; /* the tar, or the folder */
    bool folder, ended, trailing;
    struct ra_names names;        /* of all others than blobs */
    size_t text;                  /* bytes of these */
    RA_VEC(struct entry) entries; /* by their numbers */
    struct ra_digest_set digests; /* of blobs; behind them those that the owner added */
    RA_VEC(struct entry) blobs;   /* by their numbers */
};

/* In the index of a member: it is the number of a blob, and not of a name. */
#define BLOB ((uint32_t)1 << 31)

void ra_members_close(struct ra_members *m)
{
    if (!m)
        return;
    if (m->fd >= 0)
        close(m->fd);
    ra_names_release(&m->names);
    ra_vec_release(&m->entries);
    ra_digest_set_release(&m->digests);
    ra_vec_release(&m->blobs);
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

/* --- the map ------------------------------------------------------------------------------------------------ */

static struct entry *entry_at(const struct ra_members *m, uint32_t index)
{
    return index & BLOB ? &m->blobs.at[index & ~BLOB] : &m->entries.at[index];
}

static bool parse_blob(const char *name, size_t n, struct ra_digest *out)
{
    static const char folder[] = "blobs/";
    size_t skip = sizeof(folder) - 1;
    if (n < skip || memcmp(name, folder, skip) != 0)
        return false;
    const char *alg = name + skip, *slash = memchr(alg, '/', n - skip);
    int found = slash ? ra_alg_find(alg, (size_t)(slash - alg)) : -1;
    return found >= 0 &&
           ra_digest_parse_hex((enum ra_alg)found, slash + 1, (size_t)(name + n - (slash + 1)), out);
}

const char *ra_member_name(const struct ra_members *m, uint32_t index, char space[static RA_MEMBER_SPACE])
{
    char hex[RA_DIGEST_TEXT];
    if (!(index & BLOB))
        return m->names.at[index];
    struct ra_digest d = ra_digest_set_get(&m->digests, index & ~BLOB);
    snprintf(space, RA_MEMBER_SPACE, "blobs/%s/%.128s", ra_alg_name((enum ra_alg)d.alg),
             ra_digest_hex(&d, hex));
    return space;
}

/* RA_NO_NAME: neither a member nor a link mentions it. */
static uint32_t look_up(const struct ra_members *m, const char *name, size_t n)
{
    struct ra_digest d;
    if (!parse_blob(name, n, &d))
        return ra_names_find(&m->names, name, n);
    uint32_t number = ra_digest_set_find(&m->digests, &d);
    return number < m->blobs.n ? BLOB | number : RA_NO_NAME;
}

static uint32_t index_of(struct ra_members *m, const char *name, size_t n)
{
    bool fresh;
    struct ra_digest d;
    bool blob = parse_blob(name, n, &d);
    uint32_t index =
        blob ? BLOB | ra_digest_set_add(&m->digests, &d, &fresh) : ra_names_add(&m->names, name, n, &fresh);
    if (fresh && blob)
        ra_vec_push(&m->blobs)->kind = ABSENT;
    else if (fresh)
        ra_vec_push(&m->entries)->kind = ABSENT;
    m->text += fresh && !blob ? n : 0;
    return index;
}

static bool is_full(const struct ra_members *m, size_t more)
{
    return m->entries.n + m->blobs.n >= RA_MEMBERS_MAX || m->text + more > RA_MEMBERS_TEXT_MAX;
}

struct ra_digest_set *ra_members_digests(struct ra_members *m)
{
    return &m->digests;
}

/* --- reading ------------------------------------------------------------------------------------------------ */

int ra_member_open(const struct ra_members *m, const struct ra_found *f, struct ra_member_reader *out,
                   struct ra_err *err)
{
    const struct entry *e = entry_at(m, f->index);
    *out = (struct ra_member_reader){m->fd, false, e->at, e->size};
    out->name = ra_member_name(m, f->index, out->space);
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
    char space[RA_MEMBER_SPACE];
    if (f->size > limit)
        return ra_fail(err, RA_TOOBIG, "member '%s' has %llu bytes, more than %zu",
                       ra_member_name(m, f->index, space), (unsigned long long)f->size, limit);
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

static const char *kind_name(unsigned kind)
{
    return kind == RA_TAR_FOLDER   ? "a folder"
           : kind == RA_TAR_SPARSE ? "sparse, which is not understood here"
                                   : "a device or a fifo";
}

static int follow(const struct ra_members *m, uint32_t first, struct ra_found *out, struct ra_err *err)
{
    char space[RA_MEMBER_SPACE], other[RA_MEMBER_SPACE];
    const char *name = ra_member_name(m, first, space);
    uint32_t at = first;
    for (unsigned hops = 0; hops <= LINKS_MAX; hops++) {
        const struct entry *e = entry_at(m, at);
        switch (e->kind) {
        case RA_TAR_FILE:
            *out = (struct ra_found){at, e->size};
            return 0;
        case RA_TAR_SYMLINK:
        case RA_TAR_HARDLINK:
            at = (uint32_t)e->at;
            break;
        case ABSENT:
            return ra_fail(err, RA_CORRUPT, "member '%s' links to '%s', which is not there", name,
                           ra_member_name(m, at, other));
        case ASTRAY:
            return ra_fail(err, RA_CORRUPT,
                           "member '%s' is a link to nothing, or out of the folder; on Linux before 5.6 no "
                           "link is followed",
                           ra_member_name(m, at, other));
        default:
            return ra_fail(err, RA_CORRUPT, "member '%s' is %s", ra_member_name(m, at, other),
                           kind_name(e->kind));
        }
    }
    return ra_fail(err, RA_CORRUPT, "member '%s' links in circles", name);
}

int ra_members_find(const struct ra_members *m, const char *name, struct ra_found *out, struct ra_err *err)
{
    RA_BUF_AUTO path = {0};
    const char *fault = ra_member_smooth(&path, name, strlen(name));
    if (fault)
        return ra_member_refuse(name, strlen(name), fault, err);
    uint32_t at = look_up(m, ra_buf_str(&path), path.len);
    if (at == RA_NO_NAME || entry_at(m, at)->kind == ABSENT)
        return ra_fail(err, RA_NOTFOUND, "there is no member '%s'", ra_buf_str(&path));
    return follow(m, at, out, err);
}

int ra_members_find_blob(const struct ra_members *m, uint32_t number, struct ra_found *out,
                         struct ra_err *err)
{
    char text[RA_DIGEST_TEXT];
    if (number >= m->blobs.n || m->blobs.at[number].kind == ABSENT)
        return ra_fail(err, RA_NOTFOUND, "there is no blob %s",
                       ra_digest_text(RA_DIGEST_AT(&m->digests, number), text));
    return follow(m, BLOB | number, out, err);
}

bool ra_members_has_below(const struct ra_members *m, const char *folder)
{
    char space[RA_MEMBER_SPACE];
    for (uint32_t i = 0; i < m->names.n; i++)
        if (ra_is_at_or_below(m->names.at[i], folder))
            return true;
    for (uint32_t i = 0; i < m->blobs.n; i++)
        if (ra_is_at_or_below(ra_member_name(m, BLOB | i, space), folder))
            return true;
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

static bool is_link(unsigned kind)
{
    return kind == RA_TAR_SYMLINK || kind == RA_TAR_HARDLINK;
}

/* Of two members with one name some tools take the first, others the last: they must not differ. */
static int check_twin(const struct ra_members *m, const struct entry *old, const struct entry *new,
                      const char *name, struct ra_err *err)
{
    bool same =
        old->kind == new->kind && old->size == new->size && (!is_link(old->kind) || old->at == new->at);
    if (same && old->kind == RA_TAR_FILE) {
        int rc = same_bytes(m->fd, old->at, new->at, old->size, err);
        if (rc < 0)
            return rc;
        same = rc;
    }
    return same ? 0 : ra_member_refuse(name, strlen(name), "it is there twice, with different content", err);
}

static int add_member(struct ra_members *m, const struct ra_tar_member *from, struct ra_err *err)
{
    RA_BUF_AUTO name = {0};
    RA_BUF_AUTO target = {0};
    struct entry e = {.at = from->offset, .size = from->size, .kind = from->kind};
    const char *fault = ra_member_smooth(&name, from->name, from->name_len);
    if (!fault && is_link(e.kind))
        fault = ra_member_link_target(&target, ra_buf_str(&name), from->link, from->link_len,
                                      e.kind == RA_TAR_HARDLINK);
    if (!fault && from->size >> SIZE_BITS)
        fault = "it is larger than any file";
    if (!fault && name.len == 0 && e.kind != RA_TAR_FOLDER)
        fault = "it has no name";
    if (fault)
        return ra_member_refuse(from->name, from->name_len, fault, err);
    if (name.len == 0)
        return 0;
    if (is_full(m, name.len + target.len))
        return ra_fail(err, RA_TOOBIG, "the archive has too many members");
    if (target.len)
        e.at = index_of(m, ra_buf_str(&target), target.len);
    struct entry *old = entry_at(m, index_of(m, ra_buf_str(&name), name.len));
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
    const char *fault = ra_member_text_fault(name, strlen(name));
    bool astray = fd < 0 && (errno == ENOENT || errno == EXDEV || errno == ELOOP);
    if (!astray && (fd < 0 || fstat(fd, &st) < 0))
        return ra_fail_sys(err, "cannot open '%s'", name);
    if (fault)
        return ra_member_refuse(name, strlen(name), fault, err);
    if (is_full(m, 0))
        return ra_fail(err, RA_TOOBIG, "the folder has too many files");
    *entry_at(m, index_of(m, name, strlen(name))) =
        (struct entry){.kind = astray                ? ASTRAY
                               : S_ISREG(st.st_mode) ? RA_TAR_FILE
                               : S_ISDIR(st.st_mode) ? RA_TAR_FOLDER
                                                     : RA_TAR_SPECIAL,
                       .size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0};
    return 0;
}

static void dir_close(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

struct walk {
    struct ra_members *m;
    struct ra_names folders; /* still to be read, and read: below m->fd, the first of them itself */
};

static bool is_folder(int fd, const struct dirent *e)
{
    struct stat st;
    if (e->d_type != DT_UNKNOWN)
        return e->d_type == DT_DIR;
    return fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int add_below(struct walk *w, const char *folder, const char *name, bool is_a_folder,
                     struct ra_err *err)
{
    RA_BUF_AUTO path = {0};
    ra_buf_addf(&path, "%s%s%s", folder, *folder ? "/" : "", name);
    if (!is_a_folder)
        return add_file(w->m, ra_buf_str(&path), err);
    if (w->folders.n >= RA_MEMBERS_MAX)
        return ra_fail(err, RA_TOOBIG, "the folder has too many folders");
    ra_names_add(&w->folders, ra_buf_str(&path), path.len, NULL);
    return 0;
}

/* One entry at a time: a folder of blobs has hundreds of thousands. */
static int read_folder(struct walk *w, const char *folder, struct ra_err *err)
{
    int fd = ra_open_beneath(w->m->fd, *folder ? folder : ".", O_RDONLY | O_DIRECTORY);
    __attribute__((cleanup(dir_close))) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return ra_fail_sys(err, "cannot open the folder '%s'", *folder ? folder : ".");
    for (struct dirent *e; errno = 0, (e = readdir(dir));) {
        if (ra_streq(e->d_name, ".") || ra_streq(e->d_name, ".."))
            continue;
        int rc = add_below(w, folder, e->d_name, is_folder(fd, e), err);
        if (rc < 0)
            return rc;
    }
    return errno ? ra_fail_sys(err, "cannot read the folder '%s'", *folder ? folder : ".") : 0;
}

static int walk_folder(struct ra_members *m, struct ra_err *err)
{
    struct walk w = {.m = m};
    int rc = 0;
    ra_names_add(&w.folders, "", 0, NULL);
    for (uint32_t i = 0; i < w.folders.n && rc == 0; i++)
        rc = read_folder(&w, w.folders.at[i], err);
    ra_names_release(&w.folders);
    return rc;
}

int ra_members_open_folder(const char *path, struct ra_members **out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_members) m = ra_new(struct ra_members);
    m->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    m->folder = m->ended = true;
    if (m->fd < 0)
        return ra_fail_sys(err, "cannot open '%s'", path);
    int rc = walk_folder(m, err);
    if (rc == 0)
        *out = ra_steal_ptr(&m);
    return rc;
}
