/* The file system driver: removing, opening a root, reading without a trace (which needs a disk: a tmpfs keeps
 * its pages). */
#include "driver/fslib.h"

#include "base/clock.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define PLAIN (&(struct ra_list_opts){.mode = RA_LIST_LEVEL})

static const unsigned nobody = 65534;

/* --- removing -------------------------------------------------------------------------------- */

static void a_link_goes_and_its_target_stays(void **state)
{
    struct t_fs *t = *state;
    t_write(t_at(t, "a/file"), "text");
    t_mkdir(t_at(t, "l"));
    t_symlink("../a/file", t_at(t, "l/file"));
    t_symlink("../a", t_at(t, "l/folder"));
    t_symlink("nowhere", t_at(t, "l/dangling"));
    assert_int_equal(t_remove_key(t, "l/file", 0), 0);
    assert_int_equal(t_remove_key(t, "l/folder", 0), 0);
    assert_int_equal(t_remove_key(t, "l/dangling", 0), -RA_UNSUPPORTED);
    assert_string_equal(t_list(t->s, "l/", PLAIN), "dangling other\nfolder prefix\n");
    assert_string_equal(t_get(t->s, "a/file"), "text");
    assert_int_equal(t_remove_key(t, "l/folder/file", 0), 0);
    assert_false(t_exists(t_at(t, "a/file")));
    assert_true(t_exists(t_at(t, "l/folder")));
}

static void a_young_target_keeps_the_link(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    t_write(t_at(t, "file"), "text");
    t_symlink("file", t_at(t, "link"));
    int64_t mtime = t_stat_of(t->s, "file").mtime;
    t_set_times(t_at(t, "link"), mtime - RA_DAY);
    struct ra_removal item = {.key = "link"};
    t_ok(ra_store_remove(t->s, &item, 1, mtime - RA_HOUR, &err), &err);
    assert_int_equal(item.status, -RA_BUSY);
    t_ok(ra_store_remove(t->s, &item, 1, mtime, &err), &err);
    assert_int_equal(item.status, 0);
    assert_string_equal(t_keys(t->s, ""), "file object 4\n");
}

static void a_prefix_that_is_a_link(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    uint64_t removed = 0;
    t_write(t_at(t, "a/file"), "text");
    t_symlink("a", t_at(t, "alias"));
    t_fails_with(ra_store_remove_prefix(t->s, "alias/", 5, RA_ANY_AGE, &removed, NULL, &err), RA_UNSUPPORTED,
                 &err, "'alias'");
    assert_int_equal(removed, 0);
    t_ok(ra_store_remove_prefix(t->s, "alias/", 0, RA_ANY_AGE, &removed, NULL, &err), &err);
    assert_int_equal(removed, 1);
    assert_string_equal(t_keys(t->s, ""), "a/file object 4\n");
}

/* Another place of the guarded tree keeps what is in it; a place out of the tree does not. */
static void nothing_goes_by_way_of_a_link(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    t_write(t_at(t, "store/a/b/file"), "text");
    t_write(t_at(t, "disk/b/file"), "text");
    t_mkdir(t_at(t, "store/c"));
    t_symlink("store", t_at(t, "tree"));
    t_symlink("a", t_at(t, "store/alias"));
    t_symlink("../a/b", t_at(t, "store/c/b"));
    t_symlink("../disk", t_at(t, "store/away"));
    ra_store_guard(t->s, "tree/");
    ra_auto_free char *where = ra_store_elsewhere(t->s, "tree/alias/b/file");
    assert_string_equal(where, "tree/a/b/file");
    assert_null(ra_store_elsewhere(t->s, "tree/a/b/file"));
    assert_null(ra_store_elsewhere(t->s, "tree/away/b/file"));
    assert_null(ra_store_elsewhere(t->s, "tree/alias/none"));
    assert_true(t_remove_key(t, "tree/alias/b/file", 0) < 0);
    assert_true(t_remove_key(t, "tree/c/b/file", 0) < 0);
    t_fails(ra_store_remove_prefix(t->s, "tree/alias/b/", 0, RA_ANY_AGE, NULL, NULL, &err), RA_UNSUPPORTED,
            &err);
    assert_true(t_exists(t_at(t, "store/a/b/file")));
    assert_int_equal(t_remove_key(t, "tree/away/b/file", 0), 0);
    assert_false(t_exists(t_at(t, "disk/b/file")));
    assert_int_equal(t_remove_key(t, "tree/a/b/file", 0), 0);
    assert_false(t_exists(t_at(t, "store/a/b")));
}

static void links_below_a_prefix_go(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    uint64_t removed = 0;
    t_write(t_at(t, "a/file"), "text");
    t_write(t_fmt("%s/secret", t->out), "secret");
    t_mkdir(t_at(t, "l/sub"));
    t_symlink("../a", t_at(t, "l/folder"));
    t_symlink("../a/file", t_at(t, "l/file"));
    t_symlink(t->out, t_at(t, "l/sub/out"));
    t_symlink("nowhere", t_at(t, "l/sub/dangling"));
    t_ok(ra_store_remove_prefix(t->s, "l/", 0, RA_ANY_AGE, &removed, NULL, &err), &err);
    assert_int_equal(removed, 4);
    assert_string_equal(t_keys(t->s, ""), "a/file object 4\n");
    assert_string_equal(t_list(t->s, "", PLAIN), "a prefix\n");
    assert_true(t_exists(t_fmt("%s/secret", t->out)));
}

static void only_empty_folders_are_pruned(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    t_mkdir(t_at(t, "p/empty/a/b"));
    t_mkdir(t_at(t, "p/empty/c"));
    t_write(t_at(t, "p/half/full/x"), "x");
    t_mkdir(t_at(t, "p/half/empty"));
    t_mkdir(t_at(t, "q/a"));
    t_mkdir(t_at(t, "linked"));
    t_symlink("../linked", t_at(t, "p/link"));
    t_ok(ra_store_prune(t->s, "p/", 0, RA_ANY_AGE, &err), &err);
    assert_string_equal(t_list(t->s, "p/", PLAIN), "half prefix\nlink prefix\n");
    assert_string_equal(t_list(t->s, "p/half/", PLAIN), "full prefix\n");
    assert_true(t_exists(t_at(t, "linked")));
    t_ok(ra_store_prune(t->s, "q/", 1, RA_ANY_AGE, &err), &err);
    assert_string_equal(t_list(t->s, "", PLAIN), "linked prefix\np prefix\nq prefix\n");
    assert_string_equal(t_list(t->s, "q/", PLAIN), "");
    t_ok(ra_store_prune(t->s, "q/", 0, RA_ANY_AGE, &err), &err);
    assert_false(t_exists(t_at(t, "q")));
}

static void young_folders_are_not_pruned(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    int64_t now = ra_time_now();
    t_mkdir(t_at(t, "p/old/older"));
    t_mkdir(t_at(t, "p/mixed/young"));
    static const char *const old[] = {"p/old/older", "p/old", "p/mixed", "p"};
    for (size_t i = 0; i < RA_COUNT(old); i++)
        t_set_times(t_at(t, old[i]), now - RA_DAY);
    t_ok(ra_store_prune(t->s, "p/", 0, now - RA_HOUR, &err), &err);
    assert_string_equal(t_list(t->s, "p/", PLAIN), "mixed prefix\n");
    assert_string_equal(t_list(t->s, "p/mixed/", PLAIN), "young prefix\n");
    t_mkdir(t_at(t, "r/sub"));
    t_write(t_at(t, "r/sub/x"), "x");
    t_set_times(t_at(t, "r/sub/x"), now - RA_DAY);
    t_ok(ra_store_remove_prefix(t->s, "r/", 0, now - RA_HOUR, NULL, NULL, &err), &err);
    assert_string_equal(t_list(t->s, "r/", PLAIN), "sub prefix\n");
    assert_string_equal(t_keys(t->s, "r/"), "");
}

/* --- opening --------------------------------------------------------------------------------- */

static int opens_as_nobody(void *arg)
{
    struct t_fs *t = arg;
    RA_ERR_AUTO err = {0};
    struct ra_store *s;
    return ra_fs_open(t->dir, 0, &s, &err) == -RA_DENIED && err.hint ? 0 : 1;
}

static void a_wrong_root_is_explained(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    struct ra_store *s;
    assert_int_equal(ra_fs_open(t_at(t, "none"), t->flags, &s, &err), -RA_NOTFOUND);
    assert_non_null(err.hint);
    assert_null(s);
    t_write(t_at(t, "file"), "x");
    t_fails_with(ra_fs_open(t_at(t, "file"), t->flags, &s, &err), RA_INVALID, &err, "not a folder");
    t_fails_with(ra_fs_open(t_at(t, "file"), t->flags | RA_FS_CREATE, &s, &err), RA_INVALID, &err,
                 "not a folder");
    if (geteuid() == 0) {
        assert_int_equal(chmod(t->dir, 0700), 0);
        assert_int_equal(t_in_child(nobody, opens_as_nobody, t), 0);
    }
}

static void a_missing_root_is_made_when_told(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    for (int i = 0; i < 2; i++) {
        struct ra_store *s;
        t_ok(ra_fs_open(t_at(t, "new"), t->flags | RA_FS_CREATE, &s, &err), &err);
        t_put(s, "a", "x");
        assert_string_equal(ra_store_info(s)->where, t_at(t, "new"));
        ra_store_close(s);
    }
    assert_string_equal(t_keys(t->s, ""), "new/a object 1\n");
}

static void a_root_may_be_a_link(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    struct ra_store *s;
    t_symlink(t->dir, t_fmt("%s/link", t->out));
    t_ok(ra_fs_open(t_fmt("%s/link", t->out), t->flags, &s, &err), &err);
    t_put(s, "a/b", "x");
    ra_store_close(s);
    assert_string_equal(t_get(t->s, "a/b"), "x");
}

/* --- reading --------------------------------------------------------------------------------- */

static bool is_cached(const char *path, off_t at)
{
    char byte;
    struct iovec v = {&byte, 1};
    ra_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    return syscall(SYS_preadv2, fd, &v, 1L, (long)at, 0L, RWF_NOWAIT) == 1;
}

static void read_once(struct t_fs *t, const char *key)
{
    struct ra_err err = {0};
    struct ra_reader *r;
    static char block[1 << 20];
    ssize_t n;
    t_ok(ra_read_open(t->s, key, 0, UINT64_MAX, RA_READ_ONCE, &r, &err), &err);
    while ((n = ra_read(r, block, sizeof(block), &err)) > 0)
        continue;
    t_ok(n, &err);
    ra_read_close(r);
}

static void reading_once_leaves_no_traces(void **state)
{
    struct t_fs *t = *state;
    const char *path = t_at(t, "big");
    static const off_t size = 24 << 20, probe = 9 << 20;
    t_write(path, "");
    ra_auto_fd int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(fallocate(fd, 0, 0, size) | fsync(fd), 0);
    t_set_times(path, 1000000000 * RA_SECOND);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    struct stat st;
    if (!is_cached(path, probe)) { /* a tmpfs keeps its pages whatever one says */
        read_once(t, "big");
        assert_false(is_cached(path, probe));
        assert_false(is_cached(path, size - 1));
    }
    t_set_times(path, 1000000000 * RA_SECOND);
    read_once(t, "big");
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_atim.tv_sec, 1000000000);
}

static void reading_once_leaves_what_is_hot(void **state)
{
    struct t_fs *t = *state;
    RA_BUF_AUTO buf = {0};
    struct ra_err err = {0};
    static const size_t size = 10 << 20;
    t_write_bytes(t_at(t, "big"), memset(ra_buf_reserve(&buf, size), 'x', size), size);
    t_ok(ra_store_get(t->s, "big", size, &buf, NULL, &err), &err);
    if (!is_cached(t_at(t, "big"), (off_t)size - 1))
        skip(); /* a tmpfs does not tell */
    read_once(t, "big");
    assert_true(is_cached(t_at(t, "big"), (off_t)size - 1));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_goes_and_its_target_stays), cmocka_unit_test(a_young_target_keeps_the_link),
        cmocka_unit_test(a_prefix_that_is_a_link),          cmocka_unit_test(nothing_goes_by_way_of_a_link),
        cmocka_unit_test(links_below_a_prefix_go),          cmocka_unit_test(only_empty_folders_are_pruned),
        cmocka_unit_test(young_folders_are_not_pruned),     cmocka_unit_test(a_wrong_root_is_explained),
        cmocka_unit_test(a_missing_root_is_made_when_told), cmocka_unit_test(a_root_may_be_a_link),
        cmocka_unit_test(reading_once_leaves_no_traces),    cmocka_unit_test(reading_once_leaves_what_is_hot),
    };
    static const unsigned all[] = {0, RA_FS_LACK_OPENAT2, RA_FS_FOLLOW_OUT, UINT_MAX};
    return t_fs_run("fs, removing", tests, RA_COUNT(tests), all);
}
