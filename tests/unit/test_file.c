/* Opening beneath a folder, also where the kernel has no openat2: a filter makes it say so. */
#include "base/file.h"
#include "lib/testlib.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void lose_openat2(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        _exit(77);
}

/* 0, or errno. */
static int open_error(int folder, const char *path)
{
    ra_auto_fd int fd = ra_open_beneath(folder, path, O_RDONLY);
    return fd < 0 ? errno : 0;
}

static int make_folder(char *path)
{
    assert_non_null(mkdtemp(path));
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder >= 0);
    assert_int_equal(mkdirat(folder, "a", 0777), 0);
    assert_int_equal(mkdirat(folder, "a/..b", 0777), 0);
    ra_auto_fd int file = openat(folder, "a/..b/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    assert_true(file >= 0);
    assert_int_equal(symlinkat("a/..b", folder, "within"), 0);
    assert_int_equal(symlinkat("/etc", folder, "out"), 0);
    return folder;
}

static void remove_folder(int folder, const char *path)
{
    unlinkat(folder, "within", 0);
    unlinkat(folder, "out", 0);
    unlinkat(folder, "a/..b/file", 0);
    unlinkat(folder, "a/..b", AT_REMOVEDIR);
    unlinkat(folder, "a", AT_REMOVEDIR);
    rmdir(path);
    close(folder);
}

static bool stays_beneath(int folder)
{
    return open_error(folder, "a/..b/file") == 0 && open_error(folder, "a/none") == ENOENT &&
           open_error(folder, "a/../../etc") == EXDEV && open_error(folder, "a/..") != ENOENT &&
           open_error(folder, "out/passwd") != 0 && open_error(folder, "/etc/passwd") != 0 &&
           open_error(folder, "a//..b") != EXDEV;
}

static void opens_what_is_beneath_and_nothing_else(void **state)
{
    (void)state;
    char path[] = "/tmp/regadm-test-XXXXXX";
    int folder = make_folder(path);
    bool fine = stays_beneath(folder) && (open_error(folder, "within/file") == 0) == t_has_openat2();
    remove_folder(folder, path);
    assert_true(fine);
}

static void follows_no_link_on_an_old_kernel(void **state)
{
    (void)state;
    char path[] = "/tmp/regadm-test-XXXXXX";
    int folder = make_folder(path), status = -1;
    pid_t child = fork();
    if (child == 0) {
        lose_openat2();
        _exit(stays_beneath(folder) && open_error(folder, "within/file") != 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    remove_folder(folder, path);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_what_is_beneath_and_nothing_else),
        cmocka_unit_test(follows_no_link_on_an_old_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
