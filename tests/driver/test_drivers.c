/* The contract, held by every driver that needs nothing but this machine. */
#include "driver/conformance.h"
#include "store/fault.h"
#include "store/fs.h"

static struct ra_store *open_fs(unsigned flags)
{
    struct ra_err err = {0};
    struct ra_store *s;
    t_ok(ra_fs_open(t_dir(), flags, &s, &err), &err);
    return s;
}

static struct ra_store *plain(void)
{
    return open_fs(0);
}

static struct ra_store *following(void)
{
    return open_fs(RA_FS_FOLLOW_OUT);
}

static struct ra_store *without_openat2(void)
{
    return open_fs(RA_FS_LACK_OPENAT2);
}

static struct ra_store *without_tmpfile(void)
{
    return open_fs(RA_FS_LACK_TMPFILE);
}

static struct ra_store *without_both(void)
{
    return open_fs(RA_FS_LACK_OPENAT2 | RA_FS_LACK_TMPFILE | RA_FS_FOLLOW_OUT);
}

static struct ra_store *wrapped_fs(void)
{
    return ra_fault_wrap(plain(), &(struct ra_fault_plan){.ops = RA_FAULT_ALL});
}

static struct ra_store *wrapped_memory(void)
{
    return ra_fault_wrap(ra_mem_open(), &(struct ra_fault_plan){.ops = RA_FAULT_ALL});
}

int main(void)
{
    static const struct t_driver drivers[] = {
        {"memory", ra_mem_open},
        {"fs", plain},
        {"fs that follows links out", following},
        {"fs without openat2", without_openat2},
        {"fs without unnamed files", without_tmpfile},
        {"fs without both", without_both},
        {"fault around fs", wrapped_fs},
        {"fault around memory", wrapped_memory},
    };
    int failed = 0;
    for (size_t i = 0; i < RA_COUNT(drivers); i++)
        failed += t_conformance(&drivers[i]);
    return failed ? 1 : 0;
}
