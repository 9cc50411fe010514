/*
 * Files outside the storage: what the user names on the command line (archives, reports, password files,
 * states).
 */
#ifndef RA_BASE_FILE_H
#define RA_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <sys/types.h>

/* Appends all that can be read from fd; TOOBIG past `limit` bytes. `name` is for the message. */
int ra_fd_read_all(int fd, const char *name, size_t limit, struct ra_buf *out, struct ra_err *err);
/* Appends a whole file; NOTFOUND, DENIED, TOOBIG, ... */
int ra_file_read(const char *path, size_t limit, struct ra_buf *out, struct ra_err *err);
/* Writes all of it, through short writes and EINTR. */
int ra_fd_write_all(int fd, const char *name, const void *p, size_t n, struct ra_err *err);

/*
 * A file that appears complete or not at all: an exclusive temporary name in the same folder, written,
 * flushed, renamed over `path`, the folder flushed. A symlink at `path` is followed: what it points to is
 * replaced. An existing file's mode, and owner where permitted, are kept; a new one gets `mode` less the
 * umask.
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

#endif
