#include "driver/fslib.h"

#include "base/vec.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/wait.h>

static int open_fs(void **state)
{
    struct ra_err err = {0};
    struct t_fs *t = ra_new(struct t_fs);
    const char *dir = t_dir();
    t->flags = *(const unsigned *)*state;
    t->dir = t_fmt("%s/root", dir);
    t->out = t_fmt("%s/out", dir);
    t_mkdir(t->dir);
    t_mkdir(t->out);
    t_ok(ra_fs_open(t->dir, t->flags, &t->s, &err), &err);
    *state = t;
    return 0;
}

static int close_fs(void **state)
{
    struct t_fs *t = *state;
    ra_store_close(t->s);
    free(t);
    return 0;
}

static const char *variant(unsigned flags)
{
    return t_fmt("%s%s%s", flags & RA_FS_LACK_OPENAT2 ? ", no openat2" : "",
                 flags & RA_FS_LACK_TMPFILE ? ", no unnamed files" : "",
                 flags & RA_FS_FOLLOW_OUT ? ", out" : "");
}

int t_fs_run(const char *name, const struct CMUnitTest *tests, size_t n, const unsigned *flags)
{
    RA_VEC(struct CMUnitTest) all = {0};
    for (; *flags != UINT_MAX; flags++)
        for (size_t i = 0; i < n; i++)
            *ra_vec_push(&all) = (struct CMUnitTest){t_fmt("%s%s", tests[i].name, variant(*flags)),
                                                     tests[i].test_func, open_fs, close_fs, (void *)flags};
    int failed = _cmocka_run_group_tests(name, all.at, all.n, NULL, NULL);
    ra_vec_release(&all);
    return failed;
}

const char *t_at(const struct t_fs *t, const char *key)
{
    return t_fmt("%s/%s", t->dir, key);
}

void t_symlink(const char *target, const char *path)
{
    assert_int_equal(symlink(target, path), 0);
}

void t_set_times(const char *path, int64_t mtime)
{
    struct timespec at = {.tv_sec = mtime / 1000000000, .tv_nsec = mtime % 1000000000};
    struct timespec both[2] = {at, at};
    assert_int_equal(utimensat(AT_FDCWD, path, both, AT_SYMLINK_NOFOLLOW), 0);
}

int t_in_child(unsigned uid, int (*fn)(void *arg), void *arg)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (uid && (setgid(uid) || setuid(uid)))
            _exit(126);
        _exit(fn(arg));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool t_mount_tmpfs(const char *path, const char *size)
{
    t_mkdir(path);
    return !mount("tmpfs", path, "tmpfs", 0, t_fmt("size=%s", size));
}

void t_unmount(const char *path)
{
    assert_int_equal(umount2(path, MNT_DETACH), 0);
}

struct ra_stat t_stat_of(struct ra_store *s, const char *key)
{
    struct ra_err err = {0};
    struct ra_stat st;
    t_ok(ra_store_stat(s, key, &st, &err), &err);
    return st;
}

int t_remove_key(struct t_fs *t, const char *key, size_t keep)
{
    struct ra_err err = {0};
    struct ra_removal item = {.key = key, .keep = keep};
    t_ok(ra_store_remove(t->s, &item, 1, RA_ANY_AGE, &err), &err);
    return item.status;
}
