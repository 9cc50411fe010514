/* The contract, held by every driver that needs nothing but this machine. */
#include "driver/conformance.h"
#include "base/vec.h"
#include "store/fault.h"
#include "store/fs.h"
#include "store/mem.h"
#include "store/snapshot.h"

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

/* A snapshot only borrows what is beneath: those of all tests are closed in the end. */
static RA_VEC(struct ra_store *) beneath;

static struct ra_store *snapshot_of_memory(void)
{
    struct ra_err err = {0};
    struct ra_store *s;
    *ra_vec_push(&beneath) = ra_mem_open();
    t_ok(ra_snapshot_open(beneath.at[beneath.n - 1], &(struct ra_flatlist_opts){.prefix = "", .threads = 2},
                          &s, &err),
         &err);
    return s;
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
        {"snapshot of memory", snapshot_of_memory},
    };
    int failed = 0;
    for (size_t i = 0; i < RA_COUNT(drivers); i++)
        failed += t_conformance(&drivers[i]);
    ra_vec_each (s, &beneath)
        ra_store_close(*s);
    ra_vec_release(&beneath);
    return failed ? 1 : 0;
}
