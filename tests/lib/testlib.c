#include "lib/testlib.h"

#include "base/buf.h"
#include "base/vec.h"
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static RA_VEC(char *) kept, dirs; /* freed, removed at the end */
static pid_t owner;               /* a forked child must not remove its parent's folders */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    remove(path);
    return 0;
}

static int open_up(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)at;
    if (kind != FTW_SL && kind != FTW_SLN && S_ISDIR(st->st_mode) && (st->st_mode & 0700) != 0700)
        chmod(path, 0700);
    return 0;
}

static void clean_up(void)
{
    ra_vec_each (dir, &dirs) {
        if (getpid() == owner) {
            nftw(*dir, open_up, 32, FTW_PHYS);
            nftw(*dir, remove_one, 32, FTW_PHYS | FTW_DEPTH);
        }
    }
    ra_vec_each (s, &kept)
        free(*s);
    ra_vec_release(&dirs);
    ra_vec_release(&kept);
}

static char *keep(char *s)
{
    if (!owner) {
        owner = getpid();
        atexit(clean_up);
    }
    *ra_vec_push(&kept) = s;
    return s;
}

const char *t_fmt(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *s = ra_vasprintf(fmt, args);
    va_end(args);
    return keep(s);
}

const char *t_dir(void)
{
    const char *base = getenv("TMPDIR");
    char *dir = keep(ra_asprintf("%s/regadm-unit-XXXXXX", base ? base : "/tmp"));
    if (!mkdtemp(dir))
        fail_msg("cannot make a folder like '%s'", dir);
    *ra_vec_push(&dirs) = dir;
    return dir;
}

void t_mkdir(const char *path)
{
    ra_auto_free char *part = ra_strdup(path);
    for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        if (mkdir(part, 0777) < 0 && errno != EEXIST)
            fail_msg("mkdir '%s': %s", part, strerror(errno));
        if (!slash)
            return;
        *slash = '/';
    }
}

void t_write_bytes(const char *path, const void *p, size_t n)
{
    const char *slash = strrchr(path, '/');
    if (slash && slash > path)
        t_mkdir(t_fmt("%.*s", (int)(slash - path), path));
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0)
        fail_msg("cannot write '%s': %s", path, strerror(errno));
}

void t_write(const char *path, const char *text)
{
    t_write_bytes(path, text, strlen(text));
}

char *t_read(const char *path, size_t *n)
{
    RA_BUF_AUTO content = {0};
    ra_auto_file FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot read '%s': %s", path, strerror(errno));
    for (size_t got = 1; got > 0; content.len += got)
        got = fread(ra_buf_reserve(&content, 65536), 1, 65536, f);
    ra_buf_reserve(&content, 0); /* ends it */
    if (n)
        *n = content.len;
    return keep(ra_buf_take(&content));
}

bool t_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* --- a picture of a tree --- */

static RA_VEC(char *) lines;
static size_t prefix_len;

static void hash_file(const char *path, char hex[static 2 * SHA256_DIGEST_LENGTH + 1])
{
    unsigned char sum[SHA256_DIGEST_LENGTH];
    size_t n;
    const char *content = t_read(path, &n);
    SHA256((const unsigned char *)content, n, sum);
    for (size_t i = 0; i < sizeof(sum); i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}

static int picture_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)at;
    char more[4096] = "";
    if (kind == FTW_F && S_ISREG(st->st_mode))
        hash_file(path, more);
    else if (S_ISLNK(st->st_mode) && readlink(path, more, sizeof(more) - 1) < 0)
        return -1;
    *ra_vec_push(&lines) = ra_asprintf("%s %06o %lld %s\n", path + prefix_len, (unsigned)st->st_mode,
                                       S_ISREG(st->st_mode) ? (long long)st->st_size : 0LL, more);
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *t_tree(const char *dir)
{
    prefix_len = strlen(dir);
    if (nftw(dir, picture_one, 32, FTW_PHYS) < 0)
        fail_msg("cannot look through '%s': %s", dir, strerror(errno));
    if (lines.n)
        qsort(lines.at, lines.n, sizeof(*lines.at), by_text);
    RA_BUF_AUTO all = {0};
    ra_vec_each (line, &lines) {
        ra_buf_adds(&all, *line);
        free(*line);
    }
    ra_vec_release(&lines);
    return keep(ra_buf_take(&all));
}

const char *t_source(const char *path)
{
    const char *top = getenv("TOP");
    return t_fmt("%s/%s", top ? top : ".", path);
}

/* --- numbers (splitmix64) --- */

uint64_t t_random(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

void t_random_bytes(uint64_t *seed, void *p, size_t n)
{
    unsigned char *to = p;
    for (size_t i = 0; i < n; i++)
        to[i] = (unsigned char)t_random(seed);
}

/* --- errors --- */

void t_ok_(long long rc, struct ra_err *err, const char *what, const char *file, int line)
{
    if (rc < 0) {
        print_error("%s: %lld, '%s'\n", what, rc, err ? ra_err_text(err) : "");
        ra_err_clear(err);
        _fail(file, line);
    }
}

void t_fails_with_(long long rc, enum ra_code code, struct ra_err *err, const char *part, const char *what,
                   const char *file, int line)
{
    bool told = !err || (err->code == code && err->msg && err->msg[0] && strstr(err->msg, part));
    if (rc != -(long long)code || !told) {
        print_error("%s: %lld, '%s'; not %d, '...%s...'\n", what, rc, err ? ra_err_text(err) : "", -(int)code,
                    part);
        ra_err_clear(err);
        _fail(file, line);
    }
    ra_err_clear(err);
}

bool t_has_openat2(void)
{
    return syscall(SYS_openat2, -1, "", NULL, 0) < 0 && errno != ENOSYS && errno != EPERM;
}

void t_fails_(long long rc, enum ra_code code, struct ra_err *err, const char *what, const char *file,
              int line)
{
    t_fails_with_(rc, code, err, "", what, file, line);
}
