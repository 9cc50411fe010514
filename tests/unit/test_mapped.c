/* Bytes shown where the page cache holds them, and files that lose them meanwhile. */
#include "base/mapped.h"
#include "base/auto.h"
#include "lib/testlib.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 1 << 20 };

struct seen {
    int fd; /* of the file to be cut while it is shown; or -1 */
    size_t n;
    uint64_t sum;
};

static int make_file(void)
{
    static const char block[4096] = {1, 2, 3, [4095] = 4};
    char path[] = "/tmp/regadm-mapped-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    for (int i = 0; i < SIZE / 4096; i++)
        assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
    return fd;
}

static void sum_up(void *arg, const void *p, size_t n)
{
    struct seen *seen = arg;
    const volatile unsigned char *bytes = p;
    if (seen->fd >= 0)
        assert_int_equal(ftruncate(seen->fd, 8192), 0);
    for (size_t i = 0; i < n; i++)
        seen->sum += bytes[i];
    seen->n += n;
}

static void what_is_in_memory_is_shown(void **state RA_UNUSED)
{
    ra_auto_fd int fd = make_file();
    struct seen seen = {.fd = -1};
    assert_int_equal(ra_mapped_show(fd, 0, SIZE, sum_up, &seen), 1);
    assert_int_equal(seen.n, SIZE);
    assert_int_equal(seen.sum, 10 * (SIZE / 4096));
    assert_int_equal(ra_mapped_show(fd, SIZE - 4096, 4095, sum_up, &seen), 1);
    assert_int_equal(seen.n, SIZE + 4095);
    assert_int_equal(seen.sum, 10 * (SIZE / 4096) + 6);
}

static void what_cannot_be_mapped_is_left_alone(void **state RA_UNUSED)
{
    struct seen seen = {.fd = -1};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(ra_mapped_show(ends[0], 0, 4096, sum_up, &seen), 0);
    assert_int_equal(ra_mapped_show(-1, 0, 4096, sum_up, &seen), 0);
    assert_int_equal(seen.n, 0);
    close(ends[0]);
    close(ends[1]);
}

static void what_is_cut_off_meanwhile_is_told(void **state RA_UNUSED)
{
    for (int again = 0; again < 2; again++) {
        ra_auto_fd int fd = make_file();
        struct seen seen = {.fd = fd};
        assert_int_equal(ra_mapped_show(fd, 0, SIZE, sum_up, &seen), -1);
        assert_int_equal(seen.n, 0);
    }
}

/* The fault of somebody else's mapping ends the process as it always did. */
static void other_faults_are_not_held_back(void **state RA_UNUSED)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        int fd = make_file(), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        struct seen seen = {.fd = -1};
        const volatile char *p = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
        signal(SIGBUS, SIG_DFL);
        dup2(nowhere, STDERR_FILENO); /* for what a sanitizer has to say of it */
        if (ra_mapped_show(fd, 0, SIZE, sum_up, &seen) == 1 && ftruncate(fd, 0) == 0)
            _exit(p[5000]);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGBUS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_memory_is_shown),
        cmocka_unit_test(what_cannot_be_mapped_is_left_alone),
        cmocka_unit_test(what_is_cut_off_meanwhile_is_told),
        cmocka_unit_test(other_faults_are_not_held_back),
    };
    return T_RUN(tests);
}
