/*
 * A tar file from anywhere - a file, a pipe, compressed or not - to be read from front to back, or, when need be, from
 * a file in which any place can be read.
 */
#ifndef RA_FORMAT_SPOOL_H
#define RA_FORMAT_SPOOL_H

#include "base/progress.h"
#include "format/tar.h"

struct ra_input;
/* Takes fd over, also on failure. `limit`: more bytes than these, unpacked, are TOOBIG. */
int ra_input_open(int fd, uint64_t limit, struct ra_input **out, struct ra_err *err);
void ra_input_free(struct ra_input *in); /* NULL is fine */
RA_DEFINE_AUTO_PTR(ra_input, ra_input_free)

/* Whether the first member has that name (nothing is consumed). */
bool ra_input_starts_with(const struct ra_input *in, const char *member);
/* The unpacked bytes, from the first one on; lent. Reading them and _settle exclude each other. */
struct ra_tar_source ra_input_source(struct ra_input *in);
/* The descriptor when the bytes are those of a plain regular file, of which any place can be read; else -1. Lent. */
int ra_input_fd(const struct ra_input *in);

/* A descriptor of a regular file that holds the unpacked bytes: the input's own, or an unnamed file in `folder`, where
 * runs of zeros take no space. Owned by the caller. NOSPACE, TOOBIG, CORRUPT; UNSUPPORTED for what begins with so many
 * zeros that no archive follows. `progress` may be NULL. */
int ra_input_settle(struct ra_input *in, const char *folder, struct ra_progress *progress,
                    struct ra_err *err);

/* TMPDIR out of an environment, else /var/tmp. */
const char *ra_tmp_folder(const char *const *env);

#endif
