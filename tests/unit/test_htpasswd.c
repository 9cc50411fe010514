/* htpasswd records, and changing a file of them. */
#include "lib/testlib.h"

#include "base/file.h"
#include "jobs/htcheck.h"
#include "jobs/htpasswd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAIL "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

/* --- records --- */

static const char *edited(const char *text, struct ra_htchange *changes, size_t n)
{
    struct ra_buf out = {0};
    struct ra_err err = {0};
    t_ok(ra_htpasswd_edit(text, strlen(text), changes, n, &out, &err), &err);
    const char *copy = t_fmt("%s", ra_buf_str(&out));
    ra_buf_release(&out);
    return copy;
}

static void untouched_lines_keep_every_byte(void **state)
{
    (void)state;
    const char *text = "# a comment\r\n\n  \t\n b:x \r\na:y:z\r\nlast:w";
    struct ra_htchange none = {.user = "nobody"};
    assert_string_equal(edited(text, &none, 1), text);
    assert_int_equal(none.matched, 0);
    struct ra_htchange one = {.user = "a", .hash = "H"};
    assert_string_equal(edited(text, &one, 1), "# a comment\r\n\n  \t\n b:x \r\na:H\nlast:w");
    struct ra_htchange gone = {.user = "b"};
    assert_string_equal(edited(text, &gone, 1), "# a comment\r\n\n  \t\na:y:z\r\nlast:w");
}

static void records_are_never_glued(void **state)
{
    (void)state;
    struct ra_htchange add = {.user = "new", .hash = "H"};
    assert_string_equal(edited("docker:x", &add, 1), "docker:x\nnew:H\n");
    assert_string_equal(edited("", &add, 1), "new:H\n");
    assert_string_equal(edited("new:x", &add, 1), "new:H\n");
    assert_string_equal(edited("# only a comment", &add, 1), "# only a comment\nnew:H\n");
}

static void all_records_of_a_user_change(void **state)
{
    (void)state;
    struct ra_htchange changes[] = {{.user = "z", .hash = "Z"}, {.user = "a", .hash = "A"}, {.user = "b"}};
    assert_string_equal(edited("a:1\nb:2\na:3\nab:4\n", changes, 3), "a:A\na:A\nab:4\nz:Z\n");
    assert_int_equal(changes[0].matched, 0);
    assert_int_equal(changes[1].matched, 2);
    assert_int_equal(changes[2].matched, 1);
}

static void no_colon_is_no_htpasswd_file(void **state)
{
    (void)state;
    struct ra_htchange add = {.user = "new", .hash = "H"};
    struct ra_buf out = {0};
    struct ra_err err = {0};
    t_fails_with(ra_htpasswd_edit("a:b\nnone\n", 9, &add, 1, &out, &err), RA_CORRUPT, &err, "line 2");
    ra_buf_release(&out);
}

static void names_that_cannot_be(void **state)
{
    (void)state;
    struct ra_err err = {0};
    const char *const bad[] = {"", "a:b", "a\nb", "a\rb", " a", "\ta", "#a"};
    for (size_t i = 0; i < RA_COUNT(bad); i++)
        t_fails(ra_htpasswd_check_user(bad[i], &err), RA_INVALID, &err);
    const char *const good[] = {"a", "a b", "a ", "\303\244\303\266", "a#"};
    for (size_t i = 0; i < RA_COUNT(good); i++)
        t_ok(ra_htpasswd_check_user(good[i], &err), &err);
    const char *name = t_fmt("%0255d", 0);
    t_ok(ra_htpasswd_check_user(name, &err), &err);
    t_fails(ra_htpasswd_check_user(t_fmt("%0256d", 0), &err), RA_TOOBIG, &err);
    t_fails(ra_htpasswd_check_record(name, "x", &err), RA_TOOBIG, &err);
    t_ok(ra_htpasswd_check_record(t_fmt("%0193d", 0), t_fmt("%060d", 0), &err), &err);
    t_fails(ra_htpasswd_check_record(t_fmt("%0194d", 0), t_fmt("%060d", 0), &err), RA_TOOBIG, &err);
}

/* --- files --- */

static void set(const char *path, const char *user, const char *hash, bool in_place)
{
    struct ra_htpasswd_file file = {.path = path, .in_place = in_place, .mode = -1};
    struct ra_htchange change = {.user = user, .hash = hash};
    struct ra_err err = {0};
    t_ok(ra_htpasswd_update(&file, &change, 1, &err), &err);
}

static struct stat look(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st;
}

static void a_new_file_is_private(void **state)
{
    (void)state;
    const char *path = t_fmt("%s/f", t_dir());
    struct ra_htpasswd_file file = {.path = path, .create = true, .mode = -1};
    struct ra_htchange change = {.user = "u", .hash = "h"};
    struct ra_err err = {0};
    t_ok(ra_htpasswd_update(&file, &change, 1, &err), &err);
    assert_int_equal(look(path).st_mode & 07777, 0600);
    file.mode = 0644;
    t_ok(ra_htpasswd_update(&file, &change, 1, &err), &err);
    assert_int_equal(look(path).st_mode & 07777, 0644);
    assert_string_equal(t_read(path, NULL), "u:h\n");
}

static void mode_and_links_stay(void **state)
{
    (void)state;
    const char *dir = t_dir(), *path = t_fmt("%s/real/f", dir), *link = t_fmt("%s/link", dir);
    t_write(path, "a:1\n");
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(symlink("real/f", link), 0);
    set(link, "b", "2", false);
    assert_string_equal(t_read(path, NULL), "a:1\nb:2\n");
    assert_int_equal(look(path).st_mode & 07777, 0640);
    struct stat st;
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void a_link_to_nothing_is_followed(void **state)
{
    (void)state;
    const char *dir = t_dir(), *link = t_fmt("%s/link", dir);
    t_mkdir(t_fmt("%s/real", dir));
    assert_int_equal(symlink("real/f", link), 0);
    struct ra_htpasswd_file file = {.path = link, .create = true, .mode = -1};
    struct ra_htchange change = {.user = "u", .hash = "h"};
    struct ra_err err = {0};
    t_ok(ra_htpasswd_update(&file, &change, 1, &err), &err);
    assert_string_equal(t_read(t_fmt("%s/real/f", dir), NULL), "u:h\n");
}

/* A clock that stands still is had by giving the file a time that is yet to come, again and again. */
static void the_time_always_changes(void **state)
{
    (void)state;
    const char *path = t_fmt("%s/f", t_dir());
    t_write(path, "");
    for (int i = 0; i < 200; i++) {
        struct stat before = look(path);
        set(path, "u", t_fmt("%d", i), i % 2);
        struct stat after = look(path);
        assert_true(before.st_mtim.tv_sec != after.st_mtim.tv_sec ||
                    before.st_mtim.tv_nsec != after.st_mtim.tv_nsec);
    }
}

static void nothing_changed_is_nothing_written(void **state)
{
    (void)state;
    const char *path = t_fmt("%s/f", t_dir());
    t_write(path, "a:1\n");
    struct stat before = look(path);
    set(path, "nobody", NULL, false);
    struct stat after = look(path);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void in_place_keeps_the_file(void **state)
{
    (void)state;
    const char *path = t_fmt("%s/f", t_dir());
    t_write(path, "longer:than what comes after\nb:1\n");
    ino_t inode = look(path).st_ino;
    set(path, "longer", NULL, true);
    assert_string_equal(t_read(path, NULL), "b:1\n");
    set(path, "c", "a record that is longer than before", true);
    assert_string_equal(t_read(path, NULL), "b:1\nc:a record that is longer than before\n");
    assert_int_equal(look(path).st_ino, inode);
}

static void only_regular_files_are_replaced(void **state)
{
    (void)state;
    const char *path = t_fmt("%s/fifo", t_dir());
    assert_int_equal(mkfifo(path, 0600), 0);
    struct ra_htpasswd_file file = {.path = path, .create = true, .mode = -1};
    struct ra_htchange change = {.user = "u", .hash = "h"};
    struct ra_err err = {0};
    t_fails(ra_htpasswd_check_access(&file, &err), RA_INVALID, &err);
    t_fails(ra_htpasswd_update(&file, &change, 1, &err), RA_INVALID, &err);
    assert_true(S_ISFIFO(look(path).st_mode));
}

static void writers_take_turns(void **state)
{
    (void)state;
    enum { WRITERS = 4, USERS = 25 };
    const char *path = t_fmt("%s/f", t_dir());
    t_write(path, "");
    pid_t children[WRITERS];
    for (int w = 0; w < WRITERS; w++) {
        children[w] = fork();
        if (children[w] != 0)
            continue;
        for (int i = 0; i < USERS; i++) {
            struct ra_htpasswd_file file = {.path = path, .in_place = w % 2, .mode = -1};
            char user[32];
            snprintf(user, sizeof(user), "w%d-%d", w, i);
            struct ra_htchange change = {.user = user, .hash = "h"};
            if (ra_htpasswd_update(&file, &change, 1, NULL) < 0)
                _exit(1);
        }
        _exit(0);
    }
    for (int w = 0; w < WRITERS; w++) {
        int status;
        assert_int_equal(waitpid(children[w], &status, 0), children[w]);
        assert_int_equal(status, 0);
    }
    size_t lines = 0;
    for (const char *p = t_read(path, NULL); (p = strchr(p, '\n')); p++)
        lines++;
    assert_int_equal(lines, WRITERS * USERS);
}

static void verdicts(void **state)
{
    (void)state;
    const char *path = t_fmt("%s/f", t_dir());
    t_write(path, "u:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\r\nplain:password\nempty:\n"
                  "two:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\ntwo:{SHA}x\n"
                  "odd:$2$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n"
                  "glued:$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWbob:x\n");
    const struct {
        const char *user, *password;
        bool as_apache;
        enum ra_htverdict verdict;
    } cases[] = {
        {"u", "password", false, RA_HT_RIGHT},     {"u", "other", false, RA_HT_WRONG},
        {"plain", "password", false, RA_HT_RIGHT}, {"plain", "password", true, RA_HT_WRONG},
        {"empty", "", false, RA_HT_NO_HASH},       {"nobody", "x", false, RA_HT_UNKNOWN},
        {"two", "password", true, RA_HT_WRONG},    {"two", "password", false, RA_HT_WRONG},
        {"odd", "U*U", false, RA_HT_RIGHT},        {"odd", "U*V", false, RA_HT_WRONG},
        {"glued", "U*U", false, RA_HT_RIGHT},      {"glued", "U*U", true, RA_HT_WRONG},
    };
    for (size_t i = 0; i < RA_COUNT(cases); i++) {
        enum ra_htverdict verdict;
        struct ra_err err = {0};
        t_ok(ra_htpasswd_verify(path, cases[i].user, cases[i].password, cases[i].as_apache, &verdict, &err),
             &err);
        assert_int_equal(verdict, cases[i].verdict);
    }
}

/* --- many at once --- */

static int piped(const char *text)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    close(ends[1]);
    return ends[0];
}

static int read_batch(const char *text, unsigned generate, struct ra_htbatch *b, struct ra_err *err)
{
    int fd = piped(text);
    int rc = ra_htbatch_read(fd, generate, b, err);
    close(fd);
    return rc;
}

static void a_batch_is_the_same_with_any_number_of_threads(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 3; threads++) {
        const char *path = t_fmt("%s/f", t_dir());
        t_write(path, "b:old\nkeep:1\n");
        RA_HTBATCH_AUTO b = {0};
        struct ra_err err = {0};
        t_ok(read_batch("a:pass:word\r\n\n# no\nb:x\nc:y", 0, &b, &err), &err);
        assert_int_equal(b.entries.n, 3);
        struct ra_job job = {.threads = threads};
        struct ra_htpasswd_how how = {.kind = RA_PASSHASH_BCRYPT, .cost = 4};
        t_ok(ra_htbatch_hash(&job, &how, &b, &err), &err);
        struct ra_htpasswd_file file = {.path = path, .mode = -1};
        size_t added;
        t_ok(ra_htbatch_update(&file, &b, &added, &err), &err);
        assert_int_equal(added, 2);
        enum ra_htverdict verdict;
        t_ok(ra_htpasswd_verify(path, "a", "pass:word", false, &verdict, &err), &err);
        assert_int_equal(verdict, RA_HT_RIGHT);
        t_ok(ra_htpasswd_verify(path, "b", "x", false, &verdict, &err), &err);
        assert_int_equal(verdict, RA_HT_RIGHT);
        assert_true(strncmp(t_read(path, NULL), "b:$2y$04$", 9) == 0);
    }
}

static void a_bad_batch_says_where(void **state)
{
    (void)state;
    const struct {
        const char *text, *part;
    } cases[] = {{"a:b\nnone\n", "line 2"},
                 {"a:b\nc:\n", "line 2"},
                 {"\n\n:x\n", "line 3"},
                 {"a:b\nb:c\na:d\n", "line 3"},
                 {" a:b\n", "line 1"}};
    for (size_t i = 0; i < RA_COUNT(cases); i++) {
        RA_HTBATCH_AUTO b = {0};
        struct ra_err err = {0};
        t_fails_with(read_batch(cases[i].text, 0, &b, &err), RA_INVALID, &err, cases[i].part);
    }
}

static void a_batch_of_names_gets_passwords(void **state)
{
    (void)state;
    RA_HTBATCH_AUTO b = {0};
    struct ra_err err = {0};
    t_ok(read_batch("a\nb\n", 16, &b, &err), &err);
    assert_int_equal(strlen(b.entries.at[0].password), 16);
    assert_string_not_equal(b.entries.at[0].password, b.entries.at[1].password);
}

/* --- list and check --- */

static void lists_say_who_gets_in(void **state)
{
    (void)state;
    const char *path = t_fmt("%s/f", t_dir());
    t_write(path, "a:$2y$05$" TAIL "\n# c\nb:{SHA}x\na:$2y$12$" TAIL "\n");
    RA_HTLIST_AUTO list = {0};
    struct ra_err err = {0};
    t_ok(ra_htpasswd_list(path, &list, &err), &err);
    assert_int_equal(list.users.n, 3);
    assert_int_equal(list.users.at[0].hidden_by, 4);
    assert_false(list.users.at[0].accepted);
    assert_false(list.users.at[1].accepted);
    assert_int_equal(list.users.at[1].line.number, 3);
    assert_true(list.users.at[2].accepted);
    assert_int_equal(list.users.at[2].hash.cost, 12);
}

static const char *findings_of(const char *text)
{
    struct ra_findings findings = RA_FINDINGS_INIT;
    struct ra_job job = {.threads = 1, .findings = &findings};
    struct ra_err err = {0};
    const char *path = t_fmt("%s/f", t_dir()), *codes = "";
    t_write(path, text);
    t_ok(ra_htpasswd_check(&job, path, &err), &err);
    ra_findings_sort(&findings);
    ra_vec_each (f, &findings.list)
        codes = t_fmt("%s%s ", codes, f->code);
    ra_findings_release(&findings);
    return codes;
}

static void checks_find_what_a_registry_trips_over(void **state)
{
    (void)state;
    assert_string_equal(findings_of(""), "");
    assert_string_equal(findings_of("# fine\n\na:$2y$10$" TAIL "\n"), "");
    assert_string_equal(findings_of("a:$2y$10$" TAIL), "users-no-end ");
    assert_string_equal(findings_of("a:$2y$05$" TAIL "\n"), "user-cost-low ");
    assert_string_equal(findings_of("a:$2y$15$" TAIL "\n"), "user-cost-high ");
    assert_string_equal(findings_of("a:$apr1$abcdefgh$FBwExRW4dCc8aL.OvjpIE1\n"), "user-not-bcrypt ");
    assert_string_equal(findings_of("a:$2y$10$" TAIL "b:$2y$10$" TAIL "\n"), "user-glued ");
    assert_string_equal(findings_of("a:*0\n"), "user-hash ");
    assert_string_equal(findings_of("a:$2y$10$CC\n"), "user-hash ");
    assert_string_equal(findings_of("none\n"), "users-no-colon ");
    assert_string_equal(findings_of(":$2y$10$" TAIL "\n"), "user-name ");
    assert_string_equal(findings_of("a:$2y$10$" TAIL "\na:$2y$10$" TAIL "\n"), "user-twice ");
    assert_string_equal(findings_of(t_fmt("#%070000d\n", 0)), "users-long-line ");
    assert_string_equal(findings_of(t_fmt("a%0250d:$2y$10$" TAIL "\n", 0)), "users-long-line ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(untouched_lines_keep_every_byte),
        cmocka_unit_test(records_are_never_glued),
        cmocka_unit_test(all_records_of_a_user_change),
        cmocka_unit_test(no_colon_is_no_htpasswd_file),
        cmocka_unit_test(names_that_cannot_be),
        cmocka_unit_test(a_new_file_is_private),
        cmocka_unit_test(mode_and_links_stay),
        cmocka_unit_test(a_link_to_nothing_is_followed),
        cmocka_unit_test(the_time_always_changes),
        cmocka_unit_test(nothing_changed_is_nothing_written),
        cmocka_unit_test(in_place_keeps_the_file),
        cmocka_unit_test(only_regular_files_are_replaced),
        cmocka_unit_test(writers_take_turns),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(a_batch_is_the_same_with_any_number_of_threads),
        cmocka_unit_test(a_bad_batch_says_where),
        cmocka_unit_test(a_batch_of_names_gets_passwords),
        cmocka_unit_test(lists_say_who_gets_in),
        cmocka_unit_test(checks_find_what_a_registry_trips_over),
    };
    return T_RUN(tests);
}
