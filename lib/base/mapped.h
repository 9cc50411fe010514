/*
 * Bytes of a file where the page cache holds them. Copying them out first, as read() does, costs whoever only looks at
 * them, such as SHA-256, a tenth of its speed.
 */
#ifndef RA_BASE_MAPPED_H
#define RA_BASE_MAPPED_H

#include "base/prelude.h"

/*
 * Calls fn once with the bytes [at, at + n) of a file that all are in memory already; `at` is a multiple of the page
 * size, n not 0. 1 when it did. 0 when they are not, or cannot be mapped: then fn was not called. -1 when bytes went
 * away meanwhile, since somebody cut the file short or the disk failed: fn was left in the middle, and what it wrote is
 * of no use. So fn does nothing but compute: it takes no lock and no memory.
 *
 * Installs a handler of SIGBUS; what is not meant for it is handed on. Any number of threads.
 */
int ra_mapped_show(int fd, uint64_t at, size_t n, void (*fn)(void *arg, const void *p, size_t n), void *arg);

#endif
