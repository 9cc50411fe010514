/*
 * What the unit and driver tests share: cmocka with the headers it wants before it, folders and files that
 * are gone when the program ends, and checks that show the text of an error. A test program is
 *
 *     static void adds_up(void **state) { (void)state; assert_int_equal(1 + 1, 2); }
 *     int main(void) { const struct CMUnitTest tests[] = {cmocka_unit_test(adds_up)}; return T_RUN(tests); }
 */
#ifndef RA_TESTS_TESTLIB_H
#define RA_TESTS_TESTLIB_H

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/err.h"

#define T_RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)

/* A new empty folder, an absolute path; removed with all that is in it when the program ends. */
const char *t_dir(void);
/* Whether the kernel has openat2, without which no link is followed outside a storage. */
bool t_has_openat2(void);
/* printf into memory that lives as long as the program: for paths and names. */
const char *t_fmt(const char *fmt, ...) RA_PRINTF(1, 2);

/* Files by path; folders on the way are made. All of these fail the test when the system refuses. */
void t_mkdir(const char *path);
void t_write(const char *path, const char *text);
void t_write_bytes(const char *path, const void *p, size_t n);
/* The content, NUL behind it, until the program ends; *n may be NULL. */
char *t_read(const char *path, size_t *n);
bool t_exists(const char *path);
/* Every path below dir with its kind, mode, size and content hash, one a line, sorted: what changed? */
const char *t_tree(const char *dir);

/* A folder of the project itself ("tests/data"): the tests may be started from anywhere. */
const char *t_source(const char *path);

/* Repeatable random numbers: the same seed, the same row. */
uint64_t t_random(uint64_t *seed);
void t_random_bytes(uint64_t *seed, void *p, size_t n);

/* rc must be 0 (or positive), else the text of err is shown; err is released. */
#define t_ok(rc, err) t_ok_((rc), (err), #rc, __FILE__, __LINE__)
void t_ok_(long long rc, struct ra_err *err, const char *what, const char *file, int line);
/* rc must be -code, and err, when given, must say so and have a text; err is released. */
#define t_fails(rc, code, err) t_fails_((rc), (code), (err), #rc, __FILE__, __LINE__)
void t_fails_(long long rc, enum ra_code code, struct ra_err *err, const char *what, const char *file,
              int line);
/* The same, and `part` must be in the text. */
#define t_fails_with(rc, code, err, part) t_fails_with_((rc), (code), (err), (part), #rc, __FILE__, __LINE__)
void t_fails_with_(long long rc, enum ra_code code, struct ra_err *err, const char *part, const char *what,
                   const char *file, int line);

#endif
