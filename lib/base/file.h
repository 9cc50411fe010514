/*
 * Files outside the storage: what the user names on the command line (archives, reports, password files,
 * states).
 */
#ifndef RA_BASE_FILE_H
#define RA_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <sys/types.h>

/* Appends a whole file; NOTFOUND, DENIED, TOOBIG past `limit` bytes, ... */
int ra_file_read(const char *path, size_t limit, struct ra_buf *out, struct ra_err *err);
/*
 * Opens what is below a folder, links within it followed and none out of it; `flags` as for open(2), with O_CLOEXEC
 * added. Where the kernel cannot hold it to that (Linux before 5.6), no link is followed at all. -1 with errno.
 */
int ra_open_beneath(int folder, const char *path, int flags);
/* openat2(2) with O_CLOEXEC added, tried again where that helps; -1 with errno. `resolve`: RESOLVE_... of
 * <linux/openat2.h>. */
int ra_openat2(int folder, const char *path, int flags, uint64_t resolve);
/* A file without a name in `folder`, which is gone once it is closed. -1 with errno. */
int ra_unnamed_file(const char *folder);
/* Whether open(2) said with this errno that kernel or file system know no O_TMPFILE. */
bool ra_lacks_unnamed_files(int number);
/* Writes all of it, through short writes and EINTR. CANCELLED where fd is a pipe or the like; a file is written. */
int ra_fd_write_all(int fd, const char *name, const void *p, size_t n, struct ra_err *err);

/*
 * A file that appears complete or not at all: a temporary file in the same folder (".<name>.regadm-XXXXXX"), written,
 * flushed, renamed over `path`, the folder flushed. One that a killed process left there is taken away by the next
 * ra_atomic_open of the same path. A symlink at `path` is followed, also one that leads nowhere yet: what it points to
 * is replaced. An existing file's mode, and owner where permitted, are kept; a new one gets `mode` less the umask. What
 * is there and no regular file is INVALID. The modification time always differs from that of the file replaced: there
 * are readers that go by it alone.
 */
struct ra_atomic_file;
int ra_atomic_open(const char *path, mode_t mode, struct ra_atomic_file **out, struct ra_err *err);
/* The descriptor to write to. Lent. */
int ra_atomic_fd(const struct ra_atomic_file *f);
/* Publishes; the object is gone afterwards, on success and on failure. */
int ra_atomic_commit(struct ra_atomic_file *f, struct ra_err *err);
/* Takes the temporary file away. NULL is fine. */
void ra_atomic_abort(struct ra_atomic_file *f);
RA_DEFINE_AUTO_PTR(ra_atomic_file, ra_atomic_abort)

/*
 * Gives a text file that is there a new content without replacing it, for one that cannot be replaced because
 * it is a mount of its own. The room is reserved before the first byte is touched, and all of it is one write
 * (a shorter text is first written with empty lines up to the old length): wherever this is cut short, the
 * file holds the old lines or the new ones. Only a machine that dies during the write can do worse.
 */
int ra_file_overwrite(const char *path, const char *text, size_t n, struct ra_err *err);

/* The path with the symlinks at its end followed, whether or not there is something in the end. The caller's. */
char *ra_path_follow(const char *path);
/* "." for "x", "/" for "/x", "a/b" for "a/b/x". The caller's. */
char *ra_path_folder(const char *path);

/*
 * Keeps other users of this function from the file, whether it exists or not: an advisory lock (flock) on the
 * folder it is in and on the file. It ends with its holder, leaves nothing behind and outlives a rename over
 * the file. Waits for its turn up to `seconds`, then BUSY; CANCELLED when asked to stop.
 */
struct ra_file_lock {
    int folder, file; /* -1: not held */
};
#define RA_FILE_LOCK_INIT        \
    {                            \
        .folder = -1, .file = -1 \
    }
int ra_file_lock(const char *path, unsigned seconds, struct ra_file_lock *out, struct ra_err *err);
void ra_file_lock_release(struct ra_file_lock *lock);
#define RA_FILE_LOCK_AUTO __attribute__((cleanup(ra_file_lock_release))) struct ra_file_lock

#endif
