/* The file system driver: writing that survives kills, full disks, other users and other mounts; and the lock. */
#include "driver/fslib.h"

#include "base/pool.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/wait.h>

static struct ra_store *open_again(const struct t_fs *t)
{
    struct ra_err err = {0};
    struct ra_store *s;
    t_ok(ra_fs_open(t->dir, t->flags, &s, &err), &err);
    return s;
}

/* --- looks ----------------------------------------------------------------------------------- */

static void check_looks(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
    assert_int_equal(st.st_uid, uid);
    assert_int_equal(st.st_gid, gid);
}

static void new_things_look_like_their_folder(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    uid_t uid = geteuid() ? geteuid() : 1234;
    gid_t gid = geteuid() ? getegid() : 5678;
    t_mkdir(t_at(t, "home"));
    assert_int_equal(chown(t_at(t, "home"), uid, gid) | chmod(t_at(t, "home"), 02770), 0);
    for (int i = 0; i < 8; i++) {
        const char *text = t_fmt("%d", i);
        t_ok(ra_store_put(t->s, t_fmt("home/late%d/x/file", i), text, 1, RA_WRITE_DEFER, &err), &err);
        t_put(t->s, t_fmt("home/now%d/x/file", i), text);
        t_put(t->s, t_fmt("home/now%d/x/file", i), text);
    }
    t_ok(ra_store_sync(t->s, &err), &err);
    for (int i = 0; i < 8; i++)
        for (int late = 0; late <= 1; late++) {
            const char *top = t_at(t, t_fmt("home/%s%d", late ? "late" : "now", i));
            check_looks(top, 02770, uid, gid);
            check_looks(t_fmt("%s/x", top), 02770, uid, gid);
            check_looks(t_fmt("%s/x/file", top), 0660, uid, gid);
        }
    struct ra_stat st;
    t_ok(ra_store_stat(t->s, "home/now0/x/file", &st, &err), &err);
    assert_true(st.mode == 0660 && st.uid == uid && st.gid == gid && !st.link);
}

static int writes_as_nobody(void *arg)
{
    struct t_fs *t = arg;
    RA_ERR_AUTO err = {0};
    if (ra_store_put(t->s, "open/sub/file", "x", 1, 0, &err) ||
        ra_store_put(t->s, "open/sub/file", "y", 1, 0, &err))
        return 1;
    if (ra_store_put(t->s, "open/late", "x", 1, RA_WRITE_DEFER, &err) || ra_store_sync(t->s, &err))
        return 2;
    return ra_store_put(t->s, "shut/file", "x", 1, 0, &err) == -RA_DENIED ? 0 : 3;
}

static void a_common_user_writes_what_he_may(void **state)
{
    struct t_fs *t = *state;
    if (geteuid() != 0)
        skip();
    t_mkdir(t_at(t, "open"));
    t_mkdir(t_at(t, "shut"));
    assert_int_equal(chmod(t_at(t, "open"), 0777) | chmod(t->dir, 0755) | chmod(t_fmt("%s/..", t->dir), 0755),
                     0);
    assert_int_equal(t_in_child(65534, writes_as_nobody, t), 0);
    assert_string_equal(t_get(t->s, "open/sub/file"), "y");
    assert_null(strstr(t_tree(t->dir), RA_FS_STAGING));
    assert_string_equal(t_keys(t->s, "shut/"), "");
}

/* --- leftovers ------------------------------------------------------------------------------- */

static void nothing_of_ours_stays(void **state)
{
    struct t_fs *t = *state;
    struct ra_store *s = open_again(t);
    struct ra_err err = {0};
    struct ra_writer *w;
    t_put(s, "a/b", "one");
    t_put(s, "a/b", "two");
    t_ok(ra_write_open(s, "a/c", 0, 0, &w, &err), &err);
    t_ok(ra_write(w, "x", 1, &err), &err);
    assert_string_equal(t_list(s, "", &(struct ra_list_opts){.mode = RA_LIST_LEVEL}), "a prefix\n");
    assert_string_equal(t_keys(s, ""), "a/b object 3\n");
    t_ok(ra_store_put(s, "a/d", "x", 1, RA_WRITE_DEFER, &err), &err);
    ra_write_abort(w);
    ra_store_close(s); /* what was not synced is gone */
    assert_false(t_exists(t_at(t, RA_FS_STAGING)));
    assert_string_equal(t_keys(t->s, ""), "a/b object 3\n");
}

static void the_next_writer_clears_leftovers_of_the_dead(void **state)
{
    struct t_fs *t = *state;
    t_write(t_at(t, RA_FS_STAGING "/" RA_FS_STAGING ".dead"), "half");
    t_write(t_at(t, RA_FS_STAGING "/" RA_FS_STAGING ".alive"), "half");
    t_write(t_at(t, RA_FS_STAGING "/not ours"), "whole");
    ra_auto_fd int alive = open(t_at(t, RA_FS_STAGING "/" RA_FS_STAGING ".alive"), O_RDWR | O_CLOEXEC);
    assert_int_equal(ra_fs_try_lock(alive), 0);
    assert_string_equal(t_keys(t->s, ""), "");
    assert_true(t_exists(t_at(t, RA_FS_STAGING "/" RA_FS_STAGING ".dead"))); /* looking changes nothing */
    t_put(t->s, "a", "x");
    assert_false(t_exists(t_at(t, RA_FS_STAGING "/" RA_FS_STAGING ".dead")));
    assert_true(t_exists(t_at(t, RA_FS_STAGING "/" RA_FS_STAGING ".alive")));
    assert_true(t_exists(t_at(t, RA_FS_STAGING "/not ours")));
}

struct killed {
    const struct t_fs *t;
    unsigned flags;
    int ready;
};

#define BIG ((size_t)1 << 17)

/* Objects of one letter each, written over and over until the end. */
static int write_forever(void *arg)
{
    const struct killed *k = arg;
    RA_ERR_AUTO err = {0};
    static char block[BIG];
    struct ra_store *s;
    if (ra_fs_open(k->t->dir, k->t->flags, &s, &err))
        return 1;
    for (int i = 0;; i++) {
        memset(block, 'a' + i % 26, sizeof(block));
        if (ra_store_put(s, t_fmt("o/%d/data", i % 40), block, sizeof(block), k->flags, &err))
            return 2;
        if (i % 7 == 6 && ra_store_sync(s, &err))
            return 3;
        if (i == 0 && write(k->ready, "x", 1) != 1)
            return 4;
    }
}

static void check_whole(struct ra_store *s, const char *key)
{
    struct ra_err err = {0};
    RA_BUF_AUTO buf = {0};
    t_ok(ra_store_get(s, key, BIG, &buf, NULL, &err), &err);
    assert_int_equal(buf.len, BIG);
    for (size_t i = 0; i < BIG; i++)
        assert_int_equal(buf.data[i], buf.data[0]);
}

static void kill_in_the_middle(struct killed *k, long microseconds)
{
    int ready[2], status;
    char byte;
    assert_int_equal(pipe(ready), 0);
    k->ready = ready[1];
    pid_t pid = fork();
    if (pid == 0)
        _exit(write_forever(k));
    assert_int_equal(read(ready[0], &byte, 1), 1);
    usleep((useconds_t)microseconds);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(ready[0]);
    close(ready[1]);
}

static void a_kill_leaves_whole_objects(void **state)
{
    struct t_fs *t = *state;
    uint64_t seed = 7;
    for (int round = 0; round < 12; round++) {
        struct killed k = {.t = t, .flags = round % 2 ? RA_WRITE_DEFER : 0};
        kill_in_the_middle(&k, (long)(t_random(&seed) % 30000));
        struct ra_store *s = open_again(t);
        for (int i = 0; i < 40; i++)
            if (!ra_store_stat(s, t_fmt("o/%d/data", i), &(struct ra_stat){0}, NULL))
                check_whole(s, t_fmt("o/%d/data", i));
        t_put(s, "after", "x");
        ra_store_close(s);
        assert_false(t_exists(t_at(t, RA_FS_STAGING)));
    }
    assert_int_equal(strncmp(t_keys(t->s, "o/"), "0/data object", 13), 0);
}

/* --- races ----------------------------------------------------------------------------------- */

struct race {
    struct ra_store *s;
    atomic_int won, lost;
};

static int claim(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)worker;
    struct race *race = arg;
    ra_auto_free char *key = ra_asprintf("races/%zu/x", i / 4);
    RA_ERR_AUTO why = {0};
    int rc = ra_store_put(race->s, key, "x", 1, RA_WRITE_NOREPLACE, &why);
    atomic_fetch_add(rc ? &race->lost : &race->won, 1);
    return rc == 0 || rc == -RA_EXISTS ? 0 : ra_err_move(err, &why);
}

static void one_claim_wins(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    struct race race = {.s = t->s};
    t_ok(ra_parallel(4, 100, claim, &race, &err), &err);
    assert_int_equal(race.won, 25);
    assert_int_equal(race.lost, 75);
}

/* --- full, read-only, other mounts ----------------------------------------------------------- */

static void a_full_disk_leaves_all_as_it_was(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    struct ra_writer *w;
    static char block[1 << 20];
    if (!t_mount_tmpfs(t_at(t, "small"), "8m"))
        skip();
    t_put(t->s, "small/a", "old");
    const char *before = t_tree(t_at(t, "small"));
    for (int hinted = 0; hinted <= 1; hinted++) {
        t_ok(ra_write_open(t->s, "small/a", 0, hinted ? 20 << 20 : 0, &w, &err), &err);
        int rc = 0, written = 0;
        for (; !rc && written < 20; written++)
            rc = ra_write(w, block, sizeof(block), &err);
        t_fails_with(rc, RA_NOSPACE, &err, "'small/a'");
        assert_true(hinted ? written == 1 : written > 1);
        ra_write_abort(w);
        assert_string_equal(t_tree(t_at(t, "small")), before);
    }
    t_ok(ra_write_open(t->s, "small/b", 0, 0, &w, &err), &err);
    for (int i = 0; i < 6; i++) /* only fits when the aborted ones gave their space back */
        t_ok(ra_write(w, block, sizeof(block), &err), &err);
    t_ok(ra_write_commit(w, NULL, &err), &err);
    t_unmount(t_at(t, "small"));
}

static void a_read_only_place_is_denied(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    struct ra_lock *lock;
    struct ra_store *s;
    const char *path = t_fmt("%s/ro", t->out);
    if (!t_mount_tmpfs(path, "1m"))
        skip();
    t_write(t_fmt("%s/a/b", path), "text");
    assert_int_equal(mount("", path, "", MS_REMOUNT | MS_RDONLY, NULL), 0);
    t_ok(ra_fs_open(path, t->flags, &s, &err), &err);
    assert_string_equal(t_keys(s, ""), "a/b object 4\n");
    assert_string_equal(t_get(s, "a/b"), "text");
    t_fails_with(ra_store_put(s, "a/c", "x", 1, 0, &err), RA_DENIED, &err, "'a/c'");
    assert_int_equal(ra_store_lock(s, "lock", NULL, "me", &lock, &err), -RA_DENIED);
    assert_non_null(strstr(err.hint, "read-only"));
    ra_err_release(&err);
    struct ra_removal item = {.key = "a/b"};
    t_ok(ra_store_remove(s, &item, 1, RA_ANY_AGE, &err), &err);
    assert_int_equal(item.status, -RA_DENIED);
    assert_int_equal(item.sys, EROFS);
    t_fails(ra_store_remove_prefix(s, "a/", 0, RA_ANY_AGE, NULL, NULL, &err), RA_DENIED, &err);
    ra_store_close(s);
    t_unmount(path);
}

static void a_part_may_be_another_mount(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    struct ra_writer *w;
    if (!t_mount_tmpfs(t_at(t, "blobs"), "8m"))
        skip();
    assert_int_equal(chown(t_at(t, "blobs"), 12, 34) | chmod(t_at(t, "blobs"), 0750), 0);
    for (unsigned flags = 0; flags <= RA_WRITE_DEFER; flags += RA_WRITE_DEFER) {
        t_ok(ra_write_open(t->s, NULL, flags, 0, &w, &err), &err);
        t_ok(ra_write(w, "nameless", 8, &err), &err);
        t_ok(ra_write_commit(w, "blobs/x/nameless", &err), &err);
        t_ok(ra_write_open(t->s, "blobs/y/named", flags, 0, &w, &err), &err);
        t_ok(ra_write(w, "named", 5, &err), &err);
        t_ok(ra_write_commit(w, NULL, &err), &err);
        t_ok(ra_write_open(t->s, NULL, flags | RA_WRITE_NOREPLACE, 0, &w, &err), &err);
        int rc = ra_write_commit(w, "blobs/x/nameless", &err);
        assert_true(rc == -RA_EXISTS || (rc == 0 && flags));
        ra_err_release(&err);
        t_ok(ra_store_sync(t->s, &err), &err);
        assert_string_equal(t_keys(t->s, ""), "blobs/x/nameless object 8\nblobs/y/named object 5\n");
        check_looks(t_at(t, "blobs/x"), 0750, 12, 34);
        check_looks(t_at(t, "blobs/x/nameless"), 0640, 12, 34);
        check_looks(t_at(t, "blobs/y/named"), 0640, 12, 34);
    }
    assert_string_equal(strstr(t_tree(t_at(t, "blobs")), RA_FS_STAGING) ? "leftover" : "", "");
    t_unmount(t_at(t, "blobs"));
}

static void content_is_shared_where_it_can_be(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    struct ra_reader *r;
    struct ra_writer *w;
    t_put(t->s, "from", "0123456789");
    t_ok(ra_read_open(t->s, "from", 1, UINT64_MAX, 0, &r, &err), &err);
    t_ok(ra_write_open(t->s, "to", 0, 0, &w, &err), &err);
    t_fails(ra_write_clone(w, r, &err), RA_UNSUPPORTED, &err); /* a part is not shared */
    ra_read_close(r);
    t_ok(ra_write(w, "x", 1, &err), &err);
    t_ok(ra_read_open(t->s, "from", 0, UINT64_MAX, 0, &r, &err), &err);
    t_fails(ra_write_clone(w, r, &err), RA_UNSUPPORTED, &err); /* nor put behind something */
    ra_read_close(r);
    t_ok(ra_write_commit(w, NULL, &err), &err);
    assert_string_equal(t_get(t->s, "to"), "x");
}

/* --- the lock -------------------------------------------------------------------------------- */

static int lock_and_wait(void *arg)
{
    const struct killed *k = arg;
    struct ra_store *s;
    struct ra_lock *lock;
    if (ra_fs_open(k->t->dir, k->t->flags, &s, NULL) ||
        ra_store_lock(s, "reg/lock", NULL, "gc, process 77", &lock, NULL))
        return 1;
    if (write(k->ready, "x", 1) != 1)
        return 2;
    pause();
    return 3;
}

static void a_lock_keeps_others_out_and_dies_with_its_holder(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    struct ra_lock *lock;
    int ready[2], status;
    char byte;
    assert_int_equal(pipe(ready), 0);
    struct killed k = {.t = t, .ready = ready[1]};
    pid_t pid = fork();
    if (pid == 0)
        _exit(lock_and_wait(&k));
    assert_int_equal(read(ready[0], &byte, 1), 1);
    t_fails_with(ra_store_lock(t->s, "reg/lock", NULL, "rm", &lock, &err), RA_BUSY, &err, "gc, process 77");
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(t_exists(t_at(t, "reg/lock"))); /* the name stays behind, the lock does not */
    t_ok(ra_store_lock(t->s, "reg/lock", NULL, "rm", &lock, &err), &err);
    assert_string_equal(t_read(t_at(t, "reg/lock"), NULL), "rm\n");
    ra_store_unlock(lock);
    assert_false(t_exists(t_at(t, "reg/lock")));
    assert_true(t_exists(t_at(t, "reg"))); /* it was there before this lock */
    close(ready[0]);
    close(ready[1]);
}

static int locks_as_nobody(void *arg)
{
    struct t_fs *t = arg;
    RA_ERR_AUTO err = {0};
    struct ra_lock *lock;
    return ra_store_lock(t->s, "lock", NULL, "me", &lock, &err) == -RA_DENIED &&
                   strstr(err.hint, "owns the storage")
               ? 0
               : 1;
}

static void an_unwritable_place_has_no_lock(void **state)
{
    struct t_fs *t = *state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(t->dir, 0755), 0);
    assert_int_equal(t_in_child(65534, locks_as_nobody, t), 0);
}

static int lock_unlock(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)i, (void)worker;
    struct race *race = arg;
    struct ra_lock *lock;
    RA_ERR_AUTO why = {0};
    int rc = ra_store_lock(race->s, "deep/down/lock", NULL, "somebody", &lock, &why);
    if (rc == -RA_BUSY)
        return 0;
    if (rc)
        return ra_err_move(err, &why);
    int holders = atomic_fetch_add(&race->won, 1) + 1;
    usleep(50);
    atomic_fetch_sub(&race->won, 1);
    ra_store_unlock(lock);
    return holders == 1 ? 0 : ra_fail(err, RA_CORRUPT, "%d have the lock", holders);
}

static void a_lock_is_never_held_twice(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    struct race race = {.s = t->s};
    t_ok(ra_parallel(4, 2000, lock_unlock, &race, &err), &err);
    assert_string_equal(t_keys(t->s, ""), "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_things_look_like_their_folder),
        cmocka_unit_test(a_common_user_writes_what_he_may),
        cmocka_unit_test(nothing_of_ours_stays),
        cmocka_unit_test(the_next_writer_clears_leftovers_of_the_dead),
        cmocka_unit_test(a_kill_leaves_whole_objects),
        cmocka_unit_test(one_claim_wins),
        cmocka_unit_test(a_full_disk_leaves_all_as_it_was),
        cmocka_unit_test(a_read_only_place_is_denied),
        cmocka_unit_test(a_part_may_be_another_mount),
        cmocka_unit_test(content_is_shared_where_it_can_be),
        cmocka_unit_test(a_lock_keeps_others_out_and_dies_with_its_holder),
        cmocka_unit_test(an_unwritable_place_has_no_lock),
        cmocka_unit_test(a_lock_is_never_held_twice),
    };
    static const unsigned all[] = {0, RA_FS_LACK_TMPFILE, RA_FS_LACK_OPENAT2, UINT_MAX};
    return t_fs_run("fs, writing", tests, RA_COUNT(tests), all);
}
