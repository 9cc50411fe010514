/*
 * Writing gzip (RFC 1952) on ISA-L, many times as fast as zlib. The input is cut into blocks of RA_GZIP_BLOCK
 * bytes that are deflated independently, so that the output does not depend on the number of threads or on how
 * the input was handed over: the same bytes give the same file, byte by byte, in every process. With RA_GZIP_FAST
 * and RA_GZIP_BETTER that holds for all x86-64 processors with SSE 4.2, and among arm64 ones; RA_GZIP_BEST has
 * code of its own for AVX2 and for AVX-512. One member; no name, no time, operating system "unknown", so nothing
 * of the machine gets into it.
 *
 * Reading gzip is format/decompress.h.
 */
#ifndef RA_FORMAT_GZIP_H
#define RA_FORMAT_GZIP_H

#include "format/source.h"

#define RA_GZIP_BLOCK ((size_t)512 << 10)

/* ISA-L's own; higher is smaller and slower. */
enum ra_gzip_level {
    RA_GZIP_FAST = 1,
    RA_GZIP_BETTER = 2,
    RA_GZIP_BEST = 3,
};

struct ra_gzip;
/* Compresses what is written, with up to `threads` threads (1: on the caller's), into `to`, which is called
 * from the caller's thread only. Takes about 3 MiB a thread; more than 16 threads are not used. */
struct ra_gzip *ra_gzip_new(enum ra_gzip_level level, unsigned threads, struct ra_sink to);
int ra_gzip_write(struct ra_gzip *g, const void *p, size_t n, struct ra_err *err);
/* Room, of *n bytes, for what comes next: bytes that were put there, and are given to the next ra_gzip_write where they
 * are, need no copying. */
void *ra_gzip_room(const struct ra_gzip *g, size_t *n);
/* Writes what is left and the trailer. To be called once, before _free. */
int ra_gzip_finish(struct ra_gzip *g, struct ra_err *err);
void ra_gzip_free(struct ra_gzip *g); /* NULL is fine */
RA_DEFINE_AUTO_PTR(ra_gzip, ra_gzip_free)

#endif
