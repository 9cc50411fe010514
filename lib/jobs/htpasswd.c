#include "jobs/htpasswd.h"

#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { LOCK_SECONDS = 60 };

/* --- updating --- */

static bool may(const char *path, int how)
{
    return faccessat(AT_FDCWD, path, how, AT_EACCESS) == 0;
}

static int check_folder(const struct ra_htpasswd_file *file, struct ra_err *err)
{
    ra_auto_free char *real = ra_path_follow(file->path);
    ra_auto_free char *folder = ra_path_folder(real);
    if (may(folder, W_OK | X_OK))
        return 0;
    return ra_fail_sys(err, "cannot write into the folder '%s'", folder);
}

int ra_htpasswd_absent(const char *path, struct ra_err *err)
{
    int number = errno;
    if (number != ENOENT)
        return ra_fail_errno(err, number, "cannot modify file %s", path);
    return ra_fail(err, RA_NOTFOUND, "cannot modify file %s; use '-c' to create it", path);
}

int ra_htpasswd_check_access(const struct ra_htpasswd_file *file, struct ra_err *err)
{
    struct stat st;
    bool there = stat(file->path, &st) == 0;
    if (!there && !file->create)
        return ra_htpasswd_absent(file->path, err);
    if (there && !S_ISREG(st.st_mode))
        return ra_fail(err, RA_INVALID, "cannot %s file %s: it is no regular file",
                       file->create ? "create" : "modify", file->path);
    if (there && !may(file->path, R_OK | W_OK))
        return ra_fail(err, ra_code_of_errno(errno), "cannot open file %s for read/write access", file->path);
    if (there && file->in_place)
        return 0;
    int rc = check_folder(file, err);
    if (rc < 0 && there)
        return ra_hint(err, rc, "'--in-place' writes into the file without replacing it");
    return rc < 0 ? ra_wrap(err, rc, "cannot create file %s", file->path) : 0;
}

/* A new file joins its folder: root, working in the folder of a service, makes it that service's. */
static int settle(int fd, const struct ra_htpasswd_file *file, bool is_new, struct ra_err *err)
{
    struct stat folder;
    ra_auto_free char *real = ra_path_follow(file->path);
    ra_auto_free char *at = ra_path_folder(real);
    if (is_new && geteuid() == 0 && stat(at, &folder) == 0 && fchown(fd, folder.st_uid, folder.st_gid) < 0 &&
        errno != EPERM)
        return ra_fail_sys(err, "cannot give '%s' its owner", file->path);
    if (file->mode >= 0 && fchmod(fd, (mode_t)file->mode) < 0)
        return ra_fail_sys(err, "cannot give '%s' its mode", file->path);
    return 0;
}

static int replace(const struct ra_htpasswd_file *file, const struct ra_buf *text, bool is_new,
                   struct ra_err *err)
{
    RA_AUTO_PTR(ra_atomic_file) out = NULL;
    int rc = ra_atomic_open(file->path, 0600, &out, err);
    if (rc == 0)
        rc = settle(ra_atomic_fd(out), file, is_new, err);
    if (rc == 0)
        rc = ra_fd_write_all(ra_atomic_fd(out), file->path, ra_buf_str(text), text->len, err);
    if (rc == 0)
        rc = ra_atomic_commit(ra_steal_ptr(&out), err);
    if (rc < 0 && err && err->sys == EBUSY)
        return ra_hint(err, rc, "the file is a mount of its own: '--in-place' writes into it");
    return rc;
}

static int publish(const struct ra_htpasswd_file *file, const struct ra_buf *text, struct ra_err *err)
{
    bool is_new = access(file->path, F_OK) < 0;
    if (is_new && errno != ENOENT)
        return ra_fail_sys(err, "cannot look at '%s'", file->path);
    if (is_new || !file->in_place)
        return replace(file, text, is_new, err);
    int rc = ra_file_overwrite(file->path, ra_buf_str(text), text->len, err);
    if (rc == 0 && file->mode >= 0 && chmod(file->path, (mode_t)file->mode) < 0)
        return ra_fail_sys(err, "cannot give '%s' its mode", file->path);
    return rc;
}

/* Apache's words, and below them the line. */
static int no_htpasswd_file(const char *path, int rc, struct ra_err *err)
{
    if (!err || rc != -RA_CORRUPT)
        return rc;
    ra_auto_free char *why = ra_strdup(ra_err_text(err));
    rc = ra_fail(err, RA_CORRUPT, "The file %s does not appear to be a valid htpasswd file.", path);
    return ra_hint(err, rc, "%s", why);
}

int ra_htpasswd_update(const struct ra_htpasswd_file *file, struct ra_htchange *changes, size_t n,
                       struct ra_err *err)
{
    RA_FILE_LOCK_AUTO lock = RA_FILE_LOCK_INIT;
    RA_BUF_AUTO before = {0}, after = {0};
    int rc = ra_file_lock(file->path, LOCK_SECONDS, &lock, err);
    if (rc == 0 && !file->create)
        rc = ra_file_read(file->path, RA_HTPASSWD_MAX, &before, err);
    if (rc == 0)
        rc = ra_htpasswd_edit(ra_buf_str(&before), before.len, changes, n, &after, err);
    if (rc < 0)
        return no_htpasswd_file(file->path, rc, err);
    bool same = before.len == after.len && memcmp(ra_buf_str(&before), ra_buf_str(&after), after.len) == 0;
    return same && !file->create ? 0 : publish(file, &after, err);
}

/* --- asking --- */

static enum ra_htverdict judge(const struct ra_htline *line, const char *password, bool as_apache)
{
    const struct ra_passhash_info info = ra_passhash_inspect(line->hash, line->hash_n);
    if (line->hash_n == 0)
        return RA_HT_NO_HASH;
    if (as_apache && info.kind == RA_PASSHASH_PLAIN)
        return RA_HT_WRONG;
    bool right = info.whole && !as_apache ? ra_passhash_verify_bcrypt(line->hash, line->hash_n, password)
                                          : ra_passhash_verify(line->hash, line->hash_n, password);
    return right ? RA_HT_RIGHT : RA_HT_WRONG;
}

int ra_htpasswd_verify(const char *path, const char *user, const char *password, bool as_apache,
                       enum ra_htverdict *verdict, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    int rc = ra_file_read(path, RA_HTPASSWD_MAX, &text, err);
    if (rc < 0)
        return rc;
    struct ra_htline line = {0};
    *verdict = RA_HT_UNKNOWN;
    for (size_t at = 0; ra_htline_next(ra_buf_str(&text), text.len, &at, &line);) {
        if (line.kind == RA_HTLINE_BROKEN)
            return no_htpasswd_file(path, ra_fail(err, RA_CORRUPT, "line %zu has no ':'", line.number), err);
        if (!ra_htline_is(&line, user))
            continue;
        *verdict = judge(&line, password, as_apache);
        if (as_apache && *verdict != RA_HT_RIGHT)
            return 0;
    }
    return 0;
}

/* --- hashing --- */

int ra_htpasswd_hash(const struct ra_htpasswd_how *how, const char *user, const char *password,
                     char out[static RA_PASSHASH_TEXT], struct ra_err *err)
{
    size_t n = strlen(password);
    if (how->kind == RA_PASSHASH_BCRYPT && n > RA_BCRYPT_MAX && !how->truncate) {
        int rc = ra_fail(err, RA_TOOBIG, "password too long (%zu bytes): bcrypt looks at the first %d only",
                         n, RA_BCRYPT_MAX);
        return ra_hint(err, rc, "'--truncate' uses those");
    }
    int rc = ra_passhash_make(how->kind, how->cost, password, out, err);
    return rc < 0 ? rc : ra_htpasswd_check_record(user, out, err);
}

/* --- many users at once --- */

void ra_htbatch_release(struct ra_htbatch *b)
{
    if (b->text)
        ra_wipe(b->text, b->size);
    ra_vec_each (e, &b->entries)
        ra_wipe(e->generated, sizeof(e->generated));
    free(b->text);
    ra_vec_release(&b->entries);
    *b = (struct ra_htbatch){0};
}

/* Up to the end, or until there is no room. */
static int read_text(int fd, char *text, size_t room, size_t *n, struct ra_err *err)
{
    ssize_t got = 1;
    int rc = 0;
    for (*n = 0; got > 0 && *n < room && (rc = ra_wait_readable(fd, err)) == 0; *n += (size_t)got)
        if ((got = read(fd, text + *n, room - *n)) < 0)
            return ra_fail_sys(err, "cannot read the standard input");
    return rc;
}

/* All the room at once: a buffer that grew would leave passwords behind where it was. */
static int read_secret(int fd, struct ra_htbatch *b, struct ra_err *err)
{
    enum { MOST = 16 << 20 };
    size_t n;
    b->size = MOST + 1;
    b->text = ra_calloc(1, b->size);
    int rc = read_text(fd, b->text, b->size, &n, err);
    if (rc < 0)
        return rc;
    if (n > MOST)
        return ra_fail(err, RA_TOOBIG, "cannot read the standard input: it is larger than %d bytes", MOST);
    if (memchr(b->text, '\0', n))
        return ra_fail(err, RA_INVALID, "cannot read the standard input: it is not text");
    b->size = n + 1;
    return 0;
}

static int split_line(char *text, size_t number, bool names_only, struct ra_htbatch *b, struct ra_err *err)
{
    if (!*text || *text == '#')
        return 0;
    char *colon = names_only ? NULL : strchr(text, ':');
    if (!names_only && (!colon || !colon[1]))
        return ra_fail(err, RA_INVALID, "line %zu has no %s", number, colon ? "password" : "':'");
    if (colon)
        *colon = '\0';
    int rc = ra_htpasswd_check_user(text, err);
    if (rc < 0)
        return ra_wrap(err, rc, "line %zu", number);
    struct ra_htentry *e = ra_vec_push(&b->entries);
    e->user = text;
    e->line = number;
    e->password = colon ? colon + 1 : NULL;
    return 0;
}

static int split_lines(struct ra_htbatch *b, bool names_only, struct ra_err *err)
{
    size_t number = 0;
    for (char *line = b->text, *next; line; line = next) {
        size_t n = strcspn(line, "\n");
        next = line[n] ? line + n + 1 : NULL;
        if (n > 0 && line[n - 1] == '\r')
            line[n - 1] = '\0';
        line[n] = '\0';
        int rc = split_line(line, ++number, names_only, b, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int by_name(const void *left, const void *right)
{
    const struct ra_htentry *const *a = left, *const *b = right;
    int order = strcmp((*a)->user, (*b)->user);
    return order ? order : ((*a)->line > (*b)->line) - ((*a)->line < (*b)->line);
}

static int check_twins(const struct ra_htbatch *b, struct ra_err *err)
{
    ra_auto_free const struct ra_htentry **sorted = ra_calloc(b->entries.n, sizeof(*sorted));
    for (size_t i = 0; i < b->entries.n; i++)
        sorted[i] = &b->entries.at[i];
    qsort(sorted, b->entries.n, sizeof(*sorted), by_name);
    for (size_t i = 1; i < b->entries.n; i++)
        if (strcmp(sorted[i - 1]->user, sorted[i]->user) == 0)
            return ra_fail(err, RA_INVALID, "line %zu has user '%s' again, who was on line %zu",
                           sorted[i]->line, sorted[i]->user, sorted[i - 1]->line);
    return 0;
}

int ra_htbatch_read(int fd, unsigned generate, struct ra_htbatch *b, struct ra_err *err)
{
    int rc = read_secret(fd, b, err);
    if (rc == 0)
        rc = split_lines(b, generate > 0, err);
    if (rc == 0)
        rc = check_twins(b, err);
    for (size_t i = 0; rc == 0 && generate > 0 && i < b->entries.n; i++) {
        struct ra_htentry *e = &b->entries.at[i];
        rc = ra_password_random(e->generated, generate < RA_GENERATED_MOST ? generate : RA_GENERATED_MOST,
                                err);
        e->password = e->generated;
    }
    return rc;
}

struct hashing {
    const struct ra_job *job;
    const struct ra_htpasswd_how *how;
    struct ra_htbatch *batch;
};

static int hash_one(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct hashing *h = arg;
    struct ra_htentry *e = &h->batch->entries.at[i];
    int rc = ra_htpasswd_hash(h->how, e->user, e->password, e->hash, err);
    if (rc < 0)
        return ra_wrap(err, rc, "line %zu, user '%s'", e->line, e->user);
    ra_progress_add(h->job->progress, 1, 0);
    return 0;
}

int ra_htbatch_hash(const struct ra_job *job, const struct ra_htpasswd_how *how, struct ra_htbatch *b,
                    struct ra_err *err)
{
    struct hashing h = {job, how, b};
    ra_progress_phase(job->progress, "hashing", b->entries.n, 0);
    return ra_parallel(job->threads, b->entries.n, hash_one, &h, err);
}

int ra_htbatch_update(const struct ra_htpasswd_file *file, const struct ra_htbatch *b, size_t *added,
                      struct ra_err *err)
{
    ra_auto_free struct ra_htchange *changes = ra_calloc(b->entries.n, sizeof(*changes));
    for (size_t i = 0; i < b->entries.n; i++)
        changes[i] = (struct ra_htchange){.user = b->entries.at[i].user, .hash = b->entries.at[i].hash};
    *added = 0;
    int rc = ra_htpasswd_update(file, changes, b->entries.n, err);
    for (size_t i = 0; rc == 0 && i < b->entries.n; i++)
        *added += changes[i].matched == 0;
    return rc;
}
