/*
 * What the tests of the file system driver share. Each runs in a fresh folder, once as the kernel allows and once
 * without what old kernels and plain file systems lack.
 */
#ifndef RA_TESTS_FSLIB_H
#define RA_TESTS_FSLIB_H

#include "driver/conformance.h"
#include "store/fs.h"

struct t_fs {
    const char *dir; /* "<new folder>/root", the store's root */
    const char *out; /* "<new folder>/out", beside it */
    unsigned flags;  /* what it was opened with */
    struct ra_store *s;
};

/* A group of tests, run with each of the flags given up to the last, UINT_MAX. */
int t_fs_run(const char *name, const struct CMUnitTest *tests, size_t n, const unsigned *flags);

/* The path of something in the root. */
const char *t_at(const struct t_fs *t, const char *key);
struct ra_stat t_stat_of(struct ra_store *s, const char *key);
/* Removes one key; its status. */
int t_remove_key(struct t_fs *t, const char *key, size_t keep);
void t_symlink(const char *target, const char *path);
void t_set_times(const char *path, int64_t mtime);
/* Runs fn in a process of its own, as another user where uid is not 0; its result, or 128 + signal. */
int t_in_child(unsigned uid, int (*fn)(void *arg), void *arg);
/* Mounts a tmpfs of this size at path; false where that is not allowed. Unmounted by t_unmount. */
bool t_mount_tmpfs(const char *path, const char *size);
void t_unmount(const char *path);

#endif
