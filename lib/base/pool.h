/*
 * Work on several threads. Every use has a serial twin: with threads == 1 the same calls happen in order on
 * the caller's thread, and results must not depend on the number.
 */
#ifndef RA_BASE_POOL_H
#define RA_BASE_POOL_H

#include "base/err.h"

#include <pthread.h>

/* How many processors this process may use, at least 1. */
unsigned ra_cpu_count(void);

/*
 * Calls fn(arg, i, worker, err) for every i in [0, n), handed out in ascending order to up to `threads`
 * threads (worker: 0 .. threads - 1, for scratch space of a thread's own). The first failure stops the
 * handing out, and is returned when all threads have ended; so does ra_cancelled() (RA_CANCELLED). What must
 * not stop the rest is not returned by fn but recorded by it.
 */
int ra_parallel(unsigned threads, size_t n,
                int (*fn)(void *arg, size_t i, unsigned worker, struct ra_err *err), void *arg,
                struct ra_err *err);
/*
 * The same for many short calls that may have to wait for a disk: no more than 16 threads begin, or as many as there
 * are processors, and the others join only while these wait often. A cold disk answers a hundred requests at a time,
 * while on a cached one so many threads would only take memory.
 */
int ra_parallel_io(unsigned threads, size_t n,
                   int (*fn)(void *arg, size_t i, unsigned worker, struct ra_err *err), void *arg,
                   struct ra_err *err);

/* pthread_create with a stack of a megabyte at least: musl by itself gives 128 KiB, glibc what `ulimit -s` says. */
int ra_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

/* --- stopping early ----------------------------------------------------------------------------------------- */

/* Whether the user asked to stop (SIGINT, SIGTERM, SIGHUP after ra_cancel_install). Long loops look at it. */
bool ra_cancelled(void);
/* The signal that did, or 0. */
int ra_cancel_signal(void);
/*
 * Wait until fd can be read or written, or for that signal: CANCELLED. To call before read() and write() on what may be
 * a pipe or a terminal: alone they would be taken up again behind the signal.
 */
int ra_wait_readable(int fd, struct ra_err *err);
int ra_wait_writable(int fd, struct ra_err *err);
/* Installs the handlers; a second SIGINT ends the process at once. A file that `ulimit -f` keeps from growing is an
 * error of its write, EFBIG, and no signal. For cmd/main.c. */
void ra_cancel_install(void);
/* Fails with RA_CANCELLED when ra_cancelled(), else 0. */
int ra_check_cancelled(struct ra_err *err);

#endif
