/*
 * Docker's first sum over the content of a tar archive ("tarsum", version 0), as old clients sent it along with a
 * layer: a hash of each member's header fields and data, sorted, and hashed again behind a text of the caller's. So it
 * depends neither on the order of members nor on the compression, but on what the tar library of the writer made of
 * times and names: a sum that differs is a hint and no proof. (moby, pkg/tarsum, "Version0".)
 */
#ifndef RA_FORMAT_TARSUM_H
#define RA_FORMAT_TARSUM_H

#include "format/digest.h"
#include "format/tar.h"

/* Each takes 32 bytes of memory; archives with more members get no sum. */
#define RA_TARSUM_MEMBERS_MAX ((size_t)1 << 20)

struct ra_tarsum;
struct ra_tarsum *ra_tarsum_new(void);
void ra_tarsum_free(struct ra_tarsum *s);
RA_DEFINE_AUTO_PTR(ra_tarsum, ra_tarsum_free)

/* Begins a member; what ra_tar_read then gives of it goes to ra_tarsum_data. */
void ra_tarsum_member(struct ra_tarsum *s, const struct ra_tar_member *m);
void ra_tarsum_data(struct ra_tarsum *s, const void *p, size_t n);
/* The sum behind text[0..n); false when there were too many members. Ends the use of s. */
bool ra_tarsum_final(struct ra_tarsum *s, const void *text, size_t n, struct ra_digest *out);

#endif
