/*
 * Tar archives as streams of members: a strict reader of ustar, pax and GNU headers that needs neither
 * seeking nor memory beyond one header, and headers for writing that are the same bytes for the same input.
 *
 * The reader believes nothing: a wrong checksum, a malformed number, a pax record that does not add up, a member that
 * ends early are CORRUPT; only the padding behind the last one may be missing. Where the archive ends is told apart
 * from where it was cut (ra_tar_ended). Names are given as they stand; judging them is the caller's business. Nothing
 * is ever unpacked. (POSIX.1-2017 pax "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"; star(5)
 * base-256 numbers.)
 */
#ifndef RA_FORMAT_TAR_H
#define RA_FORMAT_TAR_H

#include "base/buf.h"
#include "base/err.h"

#define RA_TAR_BLOCK ((size_t)512)
/* Most bytes of a pax or long-name header. */
#define RA_TAR_EXTRA_MAX ((size_t)1 << 20)

/* --- reading ------------------------------------------------------------------------------------------------ */

/* Where the bytes come from. Lent until ra_tar_close. */
struct ra_tar_source {
    /* Up to n bytes; 0 at the end; negative on error. */
    ssize_t (*read)(void *arg, void *p, size_t n, struct ra_err *err);
    /* Passes over n bytes that are known to be there, or fails with CORRUPT; NULL: they are read and dropped. */
    int (*skip)(void *arg, uint64_t n, struct ra_err *err);
    void *arg;
};

enum ra_tar_kind {
    RA_TAR_FILE,
    RA_TAR_FOLDER,
    RA_TAR_SYMLINK,
    RA_TAR_HARDLINK,
    RA_TAR_SPECIAL, /* a device, a fifo, or a type nobody defined */
    RA_TAR_SPARSE,  /* its bytes are not stored one by one: cannot be read here */
};

struct ra_tar_member { /* lent until the next call of ra_tar_next */
    enum ra_tar_kind kind;
    const char *name;
    size_t name_len;  /* a NUL inside a pax path makes it longer than strlen(name) */
    const char *link; /* of links; else "" */
    size_t link_len;
    uint64_t size;   /* of files; else 0 */
    uint64_t offset; /* of the data, from the start of the stream */
    const struct ra_tar_header *header;
    const char *pax; /* the records of the pax header before it */
    size_t pax_len;
};
/* What the member's pax header says under that key, *len bytes; NULL: nothing. */
const char *ra_tar_pax(const struct ra_tar_member *m, const char *key, size_t *len);

struct ra_tar;
struct ra_tar *ra_tar_open(const struct ra_tar_source *from);
void ra_tar_close(struct ra_tar *t);
RA_DEFINE_AUTO_PTR(ra_tar, ra_tar_close)

/* The next member; what was not read of the one before is passed over. 1; 0: no more; CORRUPT, TOOBIG. */
int ra_tar_next(struct ra_tar *t, struct ra_tar_member *out, struct ra_err *err);
/* Up to n bytes of the current member; 0 at its end. CORRUPT when the archive ends before. */
ssize_t ra_tar_read(struct ra_tar *t, void *p, size_t n, struct ra_err *err);
/* The whole current member, appended; TOOBIG when it is longer than `limit`. */
int ra_tar_read_all(struct ra_tar *t, size_t limit, struct ra_buf *out, struct ra_err *err);
/* After ra_tar_next said 0: whether the end was marked by zero blocks, as it must; else the file may be cut. */
bool ra_tar_ended(const struct ra_tar *t);
/* Zeros that may stand where an archive should begin: an empty one is two blocks of them, and what pads it to a
 * record. */
#define RA_TAR_ZEROS_MAX ((uint64_t)1 << 20)
/* After ra_tar_next said 0: reads the stream to its end. 1 when anything but zeros follows the end mark. UNSUPPORTED
 * for more zeros than those, and no member before them. */
int ra_tar_drain(struct ra_tar *t, struct ra_err *err);

/* A source that reads a descriptor from where it stands; skips by seeking where it is a regular file. */
struct ra_tar_fd {
    int fd;
    uint64_t at, size; /* private */
    bool seekable;
};
struct ra_tar_source ra_tar_fd_source(struct ra_tar_fd *from, int fd);

/* --- writing ------------------------------------------------------------------------------------------------ */

/* Appends the header of a regular file (mode 0644, owner 0, time 0), pax records before it where ustar cannot
 * say it. `align` 0, or a power of two from 512 up: its data will start at a multiple of it, given that the
 * header is written at `position` (a multiple of 512) of the archive. The same arguments give the same bytes. */
void ra_tar_put_header(struct ra_buf *out, const char *name, uint64_t size, uint64_t position,
                       unsigned align);
/* Zeros to write behind `size` bytes of data. */
static inline size_t ra_tar_padding(uint64_t size)
{
    return (size_t)(-size % RA_TAR_BLOCK);
}
/* Appends the mark of the end. */
void ra_tar_put_end(struct ra_buf *out);

#endif
