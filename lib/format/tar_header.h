/*
 * The 512 bytes of a tar header: what reader and writer of lib/format/tar.h share.
 */
#ifndef RA_FORMAT_TAR_HEADER_H
#define RA_FORMAT_TAR_HEADER_H

#include "format/tar.h"

struct ra_tar_header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
    char magic[6], version[2], owner[32], group[32], major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct ra_tar_header) == RA_TAR_BLOCK, "a tar header is one block");

/* The sum of all bytes, those of the checksum counted as blanks. */
unsigned ra_tar_checksum(const struct ra_tar_header *h);
/* A field of digits: octal, or base-256 where the first bit is set. False when it is none, negative, or more than the
 * size of a file can be. */
bool ra_tar_number(const char *p, size_t n, uint64_t *out);

#endif
