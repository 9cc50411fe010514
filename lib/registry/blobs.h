/*
 * Every digest that a storage holds or speaks of, each with a number, in 40 bytes and a slot: what a survey
 * is made of. A number (struct ra_blobs' "id") stays valid as long as the table; which number a digest gets
 * depends on the order of adding, so nothing that is shown may depend on it.
 *
 * Threads: everything may be called from any thread at any time, but for ra_blobs_freeze and
 * ra_blobs_free. sha256 digests lie in 256 shards by their first byte, each with a lock of its own; the
 * others share one more.
 */
#ifndef RA_REGISTRY_BLOBS_H
#define RA_REGISTRY_BLOBS_H

#include "format/digest.h"

/* Facts that are only ever added. */
enum ra_blob_flag {
    RA_BLOB_PRESENT = 1 << 0,  /* the inventory saw its folder below blobs/, or it was seen since */
    RA_BLOB_SIZED = 1 << 1,    /* the size is that of the file; else as some manifest declares it */
    RA_BLOB_MANIFEST = 1 << 2, /* a revision, a tag or an index names it as one, or may */
    RA_BLOB_DECLARED = 1 << 3, /* some descriptor gave a size */
    RA_BLOB_YOUNG = 1 << 4,    /* its file changed lately, as far as anybody looked */
    RA_BLOB_DISPUTED = 1 << 5, /* two sizes were told of it: by descriptors, or by one and the file */
    RA_BLOB_CHILD = 1 << 6,    /* some index calls it a manifest */
    RA_BLOB_USER = 1 << 8,     /* this bit and higher ones are the job's: marks */
};

struct ra_blobs;
struct ra_blobs *ra_blobs_new(void);
void ra_blobs_free(struct ra_blobs *b);
RA_DEFINE_AUTO_PTR(ra_blobs, ra_blobs_free)

/* The number of d, given now if it has none yet. Never RA_NONE. */
uint32_t ra_blobs_add(struct ra_blobs *b, const struct ra_digest *d);
/* The number of d, or RA_NONE. */
uint32_t ra_blobs_find(struct ra_blobs *b, const struct ra_digest *d);
void ra_blobs_digest(struct ra_blobs *b, uint32_t id, struct ra_digest *out);

/* Room for exactly n digests of sha256 that start with `first`: for whoever knows the number before adding. */
void ra_blobs_reserve(struct ra_blobs *b, unsigned first, size_t n);

/* Sets flags and returns those that were set before: of threads that set a flag, one alone sees it missing. */
unsigned ra_blobs_set(struct ra_blobs *b, uint32_t id, unsigned flags);
unsigned ra_blobs_flags(struct ra_blobs *b, uint32_t id);

/* The size of the file; or what a descriptor declares, which counts as long as the file's is not known (of
 * several the largest). 0 when nothing is known. */
void ra_blobs_size_is(struct ra_blobs *b, uint32_t id, uint64_t size);
void ra_blobs_declare(struct ra_blobs *b, uint32_t id, uint64_t size);
uint64_t ra_blobs_size(struct ra_blobs *b, uint32_t id);

/* --- once nothing is added any more ------------------------------------------------------------------------- */

/* Numbers the numbers without gaps: after it each id has an index in 0 .. ra_blobs_count - 1, for bitmaps.
 * Adding later is allowed, and asks for another freeze. */
void ra_blobs_freeze(struct ra_blobs *b);
uint32_t ra_blobs_count(const struct ra_blobs *b);
uint32_t ra_blobs_index(const struct ra_blobs *b, uint32_t id);

/* Work by parts: RA_BLOBS_PARTS of them, part p < 256 holding the sha256 digests whose first byte is p, the
 * last one all others. The ids of a part, sorted by digest: malloc'd, *n of them; those with all of `with`
 * and none of `without` among their flags. */
#define RA_BLOBS_PARTS 257
uint32_t *ra_blobs_part(struct ra_blobs *b, unsigned part, unsigned with, unsigned without, size_t *n);

#endif
