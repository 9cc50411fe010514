/* The file system driver: what a tree can hold that no other storage does. */
#include "driver/fslib.h"

#include "base/clock.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#define LEVEL (&(struct ra_list_opts){.mode = RA_LIST_LEVEL, .want = RA_WANT_SIZE})
#define PLAIN (&(struct ra_list_opts){.mode = RA_LIST_LEVEL})
#define LEAF  (&(struct ra_list_opts){.mode = RA_LIST_LEAF, .leaf = "link", .want = RA_WANT_SIZE})
#define FAR   (&(struct ra_list_opts){.mode = RA_LIST_LEAF, .leaf = "current/link", .want = RA_WANT_SIZE})

static const unsigned nobody = 65534;

static void refuses(struct t_fs *t, const char *key, const char *why)
{
    struct ra_err err = {0};
    RA_BUF_AUTO buf = {0};
    struct ra_reader *r;
    t_fails_with(ra_store_get(t->s, key, 99, &buf, NULL, &err), RA_UNSUPPORTED, &err, why);
    t_fails_with(ra_read_open(t->s, key, 0, 9, 0, &r, &err), RA_UNSUPPORTED, &err, t_fmt("'%s'", key));
    assert_int_equal(t_stat_of(t->s, key).kind, RA_OTHER);
}

/* --- links ----------------------------------------------------------------------------------- */

static void links_inside_are_followed(void **state)
{
    struct t_fs *t = *state;
    t_write(t_at(t, "a/b/link"), "text");
    t_mkdir(t_at(t, "l"));
    t_symlink("../a/b/link", t_at(t, "l/file"));
    t_symlink("../a/b", t_at(t, "l/folder"));
    t_symlink("../l/../l/./folder//", t_at(t, "l/chain"));
    t_symlink(t_at(t, "a/b"), t_at(t, "l/absolute"));
    t_symlink(t->dir, t_at(t, "l/self"));
    t_symlink("..", t_at(t, "l/up"));
    static const char *const keys[] = {"l/file",          "l/folder/link",     "l/chain/link",
                                       "l/absolute/link", "l/self/a/b/link",   "l/up/a/b/link",
                                       "l/up/l/file",     "l/self/l/up/l/file"};
    for (size_t i = 0; i < RA_COUNT(keys); i++) {
        assert_string_equal(t_get(t->s, keys[i]), "text");
        assert_int_equal(t_stat_of(t->s, keys[i]).size, 4);
    }
    assert_true(t_stat_of(t->s, "l/file").link && t_stat_of(t->s, "l/folder").link);
    assert_false(t_stat_of(t->s, "l/folder/link").link);
    assert_int_equal(t_stat_of(t->s, "l/chain").kind, RA_PREFIX);
    assert_string_equal(t_list(t->s, "l/chain/", LEVEL), "link object 4\n");
    assert_string_equal(t_list(t->s, "l/", LEAF),
                        "absolute object 4\nchain object 4\nfile other\nfolder object 4\n"
                        "self prefix\nup prefix\n");
}

static void listings_know_links(void **state)
{
    struct t_fs *t = *state;
    t_write(t_at(t, "a/b/link"), "text");
    t_mkdir(t_at(t, "l"));
    t_symlink("../a/b/link", t_at(t, "l/file"));
    t_symlink("../a/b", t_at(t, "l/folder"));
    t_symlink("nowhere", t_at(t, "l/dangling"));
    t_symlink("loop", t_at(t, "l/loop"));
    assert_string_equal(t_list(t->s, "l/", LEVEL),
                        "dangling other\nfile object 4\nfolder prefix\nloop other\n");
    assert_string_equal(t_list(t->s, "l/", PLAIN),
                        "dangling other\nfile object\nfolder prefix\nloop other\n");
    assert_string_equal(t_keys(t->s, "l/"),
                        "dangling other\nfile object 4\nfolder/link object 4\nloop other\n");
}

static void leaves_may_be_links(void **state)
{
    struct t_fs *t = *state;
    t_write(t_at(t, "x/current/link"), "text");
    t_mkdir(t_at(t, "p/tag"));
    t_symlink("../../x/current", t_at(t, "p/tag/current"));
    t_symlink("current/link", t_at(t, "p/tag/link"));
    t_mkdir(t_at(t, "p/out/current"));
    t_symlink(t->out, t_at(t, "p/out/link"));
    t_write(t_fmt("%s/link", t->out), "outside");
    t_symlink(t->out, t_at(t, "p/gone"));
    t_mkdir(t_at(t, "p/far"));
    t_symlink(t->out, t_at(t, "p/far/current"));
    bool out = t->flags & RA_FS_FOLLOW_OUT;
    assert_string_equal(t_list(t->s, "p/", LEAF),
                        out ? "far prefix\ngone object 7\nout prefix\ntag object 4\n"
                            : "far prefix\ngone other\nout other\ntag object 4\n");
    assert_string_equal(t_list(t->s, "p/", FAR), out ? "far object 7\ngone prefix\nout prefix\ntag object 4\n"
                                                     : "far other\ngone other\nout prefix\ntag object 4\n");
}

static void links_out_are_not_followed(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    struct ra_list *l;
    t_write(t_fmt("%s/secret", t->out), "secret");
    t_mkdir(t_at(t, "d/e"));
    t_symlink(t_fmt("%s/secret", t->out), t_at(t, "d/absolute"));
    t_symlink("../../out/secret", t_at(t, "d/relative"));
    t_symlink("e/../../../out/secret", t_at(t, "d/winding"));
    t_symlink("../../out", t_at(t, "d/folder"));
    t_symlink("/proc/self/cwd", t_at(t, "d/magic"));
    static const char *const keys[] = {"d/absolute", "d/relative", "d/winding", "d/magic", "d/folder"};
    for (size_t i = 0; i < RA_COUNT(keys); i++)
        refuses(t, keys[i], "leads out of the storage");
    struct ra_stat st;
    t_fails(ra_store_stat(t->s, "d/folder/secret", &st, &err), RA_UNSUPPORTED, &err);
    t_fails_with(ra_list_open(t->s, "d/folder/", LEVEL, &l, &err), RA_UNSUPPORTED, &err, "'d/folder/'");
    assert_string_equal(t_keys(t->s, ""),
                        "d/absolute other\nd/folder other\nd/magic other\nd/relative other\n"
                        "d/winding other\n");
}

static void nothing_is_written_or_removed_outside(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    t_write(t_fmt("%s/secret/data", t->out), "secret");
    t_mkdir(t_at(t, "d"));
    t_symlink(t->out, t_at(t, "d/folder"));
    t_symlink(t_fmt("%s/secret/data", t->out), t_at(t, "d/file"));
    const char *before = t_tree(t->out);
    t_fails(ra_store_put(t->s, "d/folder/new", "x", 1, 0, &err), RA_UNSUPPORTED, &err);
    t_fails(ra_store_put(t->s, "d/folder/secret/data", "x", 1, 0, &err), RA_UNSUPPORTED, &err);
    assert_int_equal(t_remove_key(t, "d/folder/secret/data", 0), -RA_UNSUPPORTED);
    assert_int_equal(t_remove_key(t, "d/file", 0), -RA_UNSUPPORTED);
    assert_int_not_equal(ra_store_remove_prefix(t->s, "d/folder/secret/", 0, RA_ANY_AGE, NULL, NULL, NULL),
                         1);
    assert_int_not_equal(ra_store_prune(t->s, "d/folder/", 0, RA_ANY_AGE, NULL), 1);
    t_ok(ra_store_remove_prefix(t->s, "d/", 0, RA_ANY_AGE, NULL, NULL, &err), &err);
    assert_false(t_exists(t_at(t, "d")));
    assert_string_equal(t_tree(t->out), before);
}

static void a_link_is_replaced_not_written_through(void **state)
{
    struct t_fs *t = *state;
    t_write(t_fmt("%s/secret", t->out), "secret");
    t_write(t_at(t, "inside"), "inside");
    t_symlink(t_fmt("%s/secret", t->out), t_at(t, "a"));
    t_symlink("inside", t_at(t, "b"));
    t_put(t->s, "a", "new a");
    t_put(t->s, "b", "new b");
    assert_string_equal(t_read(t_fmt("%s/secret", t->out), NULL), "secret");
    assert_string_equal(t_keys(t->s, ""), "a object 5\nb object 5\ninside object 6\n");
    assert_false(t_stat_of(t->s, "b").link);
}

static void links_out_are_followed_when_told(void **state)
{
    struct t_fs *t = *state;
    t_write(t_fmt("%s/far/link", t->out), "far");
    t_symlink(t->out, t_at(t, "away"));
    t_symlink("../out/far/link", t_at(t, "file"));
    assert_string_equal(t_get(t->s, "away/far/link"), "far");
    assert_string_equal(t_get(t->s, "file"), "far");
    t_put(t->s, "away/far/new", "new");
    t_put(t->s, "away/far/new", "newer");
    assert_string_equal(t_read(t_fmt("%s/far/new", t->out), NULL), "newer");
    assert_string_equal(t_keys(t->s, ""), "away/far/link object 3\naway/far/new object 5\nfile object 3\n");
    assert_int_equal(t_remove_key(t, "away/far/new", 0), 0);
    assert_false(t_exists(t_fmt("%s/far/new", t->out)));
}

static void cycles_end(void **state)
{
    struct t_fs *t = *state;
    t_write(t_at(t, "a/x"), "x");
    t_write(t_at(t, "b/y"), "y");
    t_symlink("..", t_at(t, "a/up"));
    t_symlink(".", t_at(t, "a/here"));
    t_symlink("../b", t_at(t, "a/other"));
    t_symlink("../a", t_at(t, "b/other"));
    assert_string_equal(t_keys(t->s, ""),
                        "a/here other\na/other/other other\na/other/y object 1\na/up other\n"
                        "a/x object 1\nb/other/here other\nb/other/other other\nb/other/up other\n"
                        "b/other/x object 1\nb/y object 1\n");
}

static void a_level_does_not_lead_back(void **state)
{
    struct t_fs *t = *state;
    t_mkdir(t_at(t, "a/b"));
    t_symlink("..", t_at(t, "a/b/up"));
    t_symlink("../..", t_at(t, "a/b/top"));
    t_symlink("../c", t_at(t, "a/aside"));
    t_mkdir(t_at(t, "c"));
    t_symlink("../a", t_at(t, "c/back"));
    assert_string_equal(t_list(t->s, "a/b/", PLAIN), "top other\nup other\n");
    assert_string_equal(t_list(t->s, "c/", PLAIN), "back prefix\n");
    assert_string_equal(t_list(t->s, "a/aside/", PLAIN), "back other\n");
}

/* Twenty folders with two links each to the next: a million names, but for the limit. */
static void links_do_not_multiply(void **state)
{
    struct t_fs *t = *state;
    for (int i = 0; i < 20; i++) {
        t_mkdir(t_at(t, t_fmt("m/%d", i)));
        t_symlink(t_fmt("../%d", i + 1), t_at(t, t_fmt("m/%d/x", i)));
        t_symlink(t_fmt("../%d", i + 1), t_at(t, t_fmt("m/%d/y", i)));
    }
    const char *all = t_keys(t->s, "m/0/");
    size_t lines = 0;
    for (const char *p = all; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 1 << 9);
    assert_string_equal(t_list(t->s, "m/0/x/y/x/y/x/y/x/", PLAIN), "x prefix\ny prefix\n");
    assert_string_equal(t_list(t->s, "m/0/x/y/x/y/x/y/x/y/", PLAIN), "x other\ny other\n");
}

/* --- things ---------------------------------------------------------------------------------- */

static void make_socket(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    ra_auto_fd int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(strlen(path) < sizeof(at.sun_path));
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
}

static void things_are_no_objects(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    t_mkdir(t_at(t, "d/sub"));
    assert_int_equal(mkfifo(t_at(t, "d/fifo"), 0600), 0);
    make_socket(t_at(t, "d/socket"));
    bool device = !mknod(t_at(t, "d/null"), S_IFCHR | 0600, 1 << 8 | 3); /* root alone may */
    refuses(t, "d/fifo", "not a regular file");
    refuses(t, "d/socket", "not a regular file");
    if (device)
        refuses(t, "d/null", "not a regular file");
    t_put(t->s, "d/file", "x");
    assert_int_equal(t_remove_key(t, "d/fifo", 0), -RA_UNSUPPORTED);
    assert_int_equal(t_remove_key(t, "d/socket", 0), -RA_UNSUPPORTED);
    uint64_t removed = 0;
    t_fails(ra_store_remove_prefix(t->s, "d/", 0, RA_ANY_AGE, &removed, NULL, &err), RA_UNSUPPORTED, &err);
    assert_int_equal(removed, 1);
    assert_string_equal(t_list(t->s, "d/", PLAIN),
                        device ? "fifo other\nnull other\nsocket other\n" : "fifo other\nsocket other\n");
}

static void what_is_no_folder_holds_nothing(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    struct ra_list *l;
    t_put(t->s, "file", "text");
    assert_true(ra_store_put(t->s, "file/below", "x", 1, 0, &err) < 0);
    ra_err_release(&err);
    t_fails(ra_list_open(t->s, "file/", LEVEL, &l, &err), RA_NOTFOUND, &err);
    t_put(t->s, "folder/x", "x");
    assert_true(ra_store_put(t->s, "folder", "x", 1, 0, &err) < 0);
    ra_err_release(&err);
    assert_string_equal(t_keys(t->s, ""), "file object 4\nfolder/x object 1\n");
    assert_false(t_exists(t_at(t, RA_FS_STAGING "/x")));
}

static int lists_as_nobody(void *arg)
{
    struct t_fs *t = arg;
    RA_ERR_AUTO err = {0};
    struct ra_list *l;
    struct ra_page page;
    size_t seen = 0;
    unsigned failed = 0;
    if (ra_list_open(t->s, "d/", &(struct ra_list_opts){.mode = RA_LIST_DEEP}, &l, &err))
        return 1;
    for (int rc; (rc = ra_list_next(l, &page, &err)) != 0;) {
        seen += rc > 0 ? page.n : 0;
        failed += rc == -RA_DENIED && strstr(err.msg, "'d/shut");
        ra_err_release(&err);
    }
    ra_list_close(l);
    return seen == 4 && failed == 2 ? 0 : 2;
}

static void a_shut_folder_is_told_and_the_rest_listed(void **state)
{
    struct t_fs *t = *state;
    if (geteuid() != 0)
        skip();
    for (int i = 0; i < 4; i++)
        t_write(t_at(t, t_fmt("d/open%d/x", i)), "x");
    t_write(t_at(t, "d/shut1/x"), "x");
    t_write(t_at(t, "d/shut2/x"), "x");
    assert_int_equal(chmod(t_at(t, "d/shut1"), 0) | chmod(t_at(t, "d/shut2"), 0), 0);
    assert_int_equal(chmod(t->dir, 0755) | chmod(t_fmt("%s/..", t->dir), 0755), 0);
    assert_int_equal(t_in_child(nobody, lists_as_nobody, t), 0);
}

static int looks_as_nobody(void *arg)
{
    struct t_fs *t = arg;
    RA_ERR_AUTO err = {0};
    RA_BUF_AUTO buf = {0};
    RA_AUTO_PTR(ra_list) l = NULL;
    struct ra_page page;
    if (ra_store_get(t->s, "d/secret", 9, &buf, NULL, &err) != -RA_DENIED || !strstr(err.msg, "'d/secret'"))
        return 1;
    for (int i = 0; i < 2; i++) /* another's file, whose access time is not ours to spare */
        if (ra_store_get(t->s, "d/public", 9, &buf, NULL, &err))
            return 4;
    if (ra_list_open(t->s, "blind/", LEVEL, &l, &err) || ra_list_next(l, &page, &err) != -RA_DENIED)
        return 2;
    return ra_list_next(l, &page, &err) == 0 ? 0 : 3;
}

static void what_may_not_be_looked_at_is_an_error(void **state)
{
    struct t_fs *t = *state;
    if (geteuid() != 0)
        skip();
    t_write(t_at(t, "d/secret"), "secret");
    t_write(t_at(t, "d/public"), "public");
    t_write(t_at(t, "blind/x"), "x");
    assert_int_equal(chmod(t_at(t, "d/secret"), 0600) | chmod(t_at(t, "blind"), 0744), 0);
    assert_int_equal(chmod(t->dir, 0755) | chmod(t_fmt("%s/..", t->dir), 0755), 0);
    assert_int_equal(t_in_child(nobody, looks_as_nobody, t), 0);
}

static void no_depth_is_too_deep(void **state)
{
    struct t_fs *t = *state;
    struct ra_err err = {0};
    RA_BUF_AUTO key = {0};
    uint64_t removed = 0;
    int depth = t->flags ? 220 : 1000; /* the walk by components takes the square of it */
    for (int i = 0; i < depth; i++)
        ra_buf_addf(&key, "a-folder-in-depth-%03d/", i);
    assert_true(key.len > PATH_MAX);
    ra_buf_adds(&key, "file");
    t_put(t->s, key.data, "text");
    t_put(t->s, key.data, "other");
    assert_string_equal(t_get(t->s, key.data), "other");
    assert_int_equal(t_stat_of(t->s, key.data).size, 5);
    assert_string_equal(t_keys(t->s, ""), t_fmt("%s object 5\n", key.data));
    t_ok(ra_store_prune(t->s, "", 0, RA_ANY_AGE, &err), &err);
    t_ok(ra_store_remove_prefix(t->s, "a-folder-in-depth-000/", 0, RA_ANY_AGE, &removed, NULL, &err), &err);
    assert_int_equal(removed, 1);
    assert_string_equal(t_list(t->s, "", PLAIN), "");
    t_put(t->s, key.data, "again");
    assert_int_equal(t_remove_key(t, key.data, 0), 0);
    assert_string_equal(t_list(t->s, "", PLAIN), "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_inside_are_followed),
        cmocka_unit_test(listings_know_links),
        cmocka_unit_test(leaves_may_be_links),
        cmocka_unit_test(a_link_is_replaced_not_written_through),
        cmocka_unit_test(cycles_end),
        cmocka_unit_test(a_level_does_not_lead_back),
        cmocka_unit_test(links_do_not_multiply),
        cmocka_unit_test(things_are_no_objects),
        cmocka_unit_test(what_is_no_folder_holds_nothing),
        cmocka_unit_test(a_shut_folder_is_told_and_the_rest_listed),
        cmocka_unit_test(what_may_not_be_looked_at_is_an_error),
        cmocka_unit_test(no_depth_is_too_deep),
    };
    static const struct CMUnitTest inside[] = {
        cmocka_unit_test(links_out_are_not_followed),
        cmocka_unit_test(nothing_is_written_or_removed_outside),
    };
    static const struct CMUnitTest outside[] = {cmocka_unit_test(links_out_are_followed_when_told)};
    static const unsigned all[] = {0, RA_FS_LACK_OPENAT2, RA_FS_FOLLOW_OUT,
                                   RA_FS_FOLLOW_OUT | RA_FS_LACK_OPENAT2, UINT_MAX};
    return t_fs_run("fs", tests, RA_COUNT(tests), all) +
           t_fs_run("fs, links out", inside, RA_COUNT(inside),
                    (unsigned[]){0, RA_FS_LACK_OPENAT2, UINT_MAX}) +
           t_fs_run("fs, links out followed", outside, RA_COUNT(outside),
                    (unsigned[]){RA_FS_FOLLOW_OUT, RA_FS_FOLLOW_OUT | RA_FS_LACK_OPENAT2, UINT_MAX});
}
