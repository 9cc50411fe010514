/*
 * Reading compressed streams whose kind is known from their first bytes only: gzip (ISA-L), zstd, xz, bzip2,
 * and everything else as it is.
 *
 *     struct ra_decoder *d;
 *     ra_decoder_open(&source, &d, err);
 *     while ((n = ra_decoder_next(d, &p, err)) > 0) ...;
 *
 * The whole stream is checked, to the last byte: checksums, lengths, and that it is complete. Several members
 * one behind the other are one stream, as every tool has it. What follows the last member and is no further
 * member does no harm to what was decoded; it is counted (ra_decoder_trailing), and the caller decides. At
 * the end the source has been read to its end in any case.
 *
 * Bounded memory whatever the stream asks for: half a MiB, and the window: at most RA_DECODER_WINDOW (TOOBIG
 * for a stream that wants more). Output is not bounded: who reads from strangers counts it.
 *
 * Threads: a decoder belongs to one thread at a time.
 */
#ifndef RA_FORMAT_DECOMPRESS_H
#define RA_FORMAT_DECOMPRESS_H

#include "format/source.h"

#define RA_DECODER_WINDOW ((uint64_t)128 << 20)

enum ra_encoding { RA_PLAIN, RA_GZIP, RA_ZSTD, RA_XZ, RA_BZIP2 };
/* "plain", "gzip", "zstd", "xz", "bzip2" */
const char *ra_encoding_name(enum ra_encoding e);

/* So many first bytes tell them apart; fewer are RA_PLAIN unless enough for one magic number. */
#define RA_ENCODING_MAGIC 6
enum ra_encoding ra_encoding_detect(const void *p, size_t n);

struct ra_decoder;
/* Reads the first bytes of `from` (copied; what its arg points to must live on) and gets ready. */
int ra_decoder_open(const struct ra_source *from, struct ra_decoder **out, struct ra_err *err);
enum ra_encoding ra_decoder_encoding(const struct ra_decoder *d);
/* Lends decoded bytes until the next call: how many, 0 at the end. CORRUPT "damaged gzip: ..." or "gzip
 * stream is cut off"; TOOBIG; or the source's own error as it is. */
ssize_t ra_decoder_next(struct ra_decoder *d, const void **p, struct ra_err *err);
/* After the end: bytes behind the last member that belong to none. Always 0 for RA_PLAIN. */
uint64_t ra_decoder_trailing(const struct ra_decoder *d);
/* Bytes decoded so far. */
uint64_t ra_decoder_total(const struct ra_decoder *d);
void ra_decoder_free(struct ra_decoder *d); /* NULL is fine */
RA_DEFINE_AUTO_PTR(ra_decoder, ra_decoder_free)

#endif
