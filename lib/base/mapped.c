#include "base/mapped.h"

#include "base/auto.h"
#include "base/mem.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
    sigjmp_buf way_out;
    const char *at;
    size_t n;
};

/* A signal handler is given nothing but the address; the fault is the thread's own. */
static _Thread_local _Atomic(struct guard *) guarded;
static pthread_mutex_t installing = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction before;

static void on_fault(int number, siginfo_t *info, void *context RA_UNUSED)
{
    struct guard *g = guarded;
    const char *at = info->si_addr;
    if (g && at >= g->at && at < g->at + g->n)
        siglongjmp(g->way_out, 1);
    /* Not ours: the instruction is tried again, and meets whoever was there before. */
    sigaction(number, &before, NULL);
}

/* Each time anew: the program that we are linked to may have put another handler in its place. */
static void install(void)
{
    struct sigaction act = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO}, now;
    sigemptyset(&act.sa_mask);
    RA_LOCKED(&installing);
    if (!sigaction(SIGBUS, NULL, &now) && (!(now.sa_flags & SA_SIGINFO) || now.sa_sigaction != on_fault))
        sigaction(SIGBUS, &act, &before);
}

/* Whether all pages are in memory. To who could not write the file the kernel says yes to everything: reading is slower
 * then where it is not so. */
static bool is_resident(void *p, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (n + page - 1) / page;
    ra_auto_free unsigned char *there = ra_malloc(pages);
    if (mincore(p, n, there))
        return false;
    for (size_t i = 0; i < pages; i++)
        if (!(there[i] & 1))
            return false;
    return true;
}

static int show(struct guard *g, void (*fn)(void *arg, const void *p, size_t n), void *arg)
{
    if (sigsetjmp(g->way_out, 1)) {
        guarded = NULL;
        return -1;
    }
    guarded = g;
    fn(arg, g->at, g->n);
    guarded = NULL;
    return 1;
}

int ra_mapped_show(int fd, uint64_t at, size_t n, void (*fn)(void *arg, const void *p, size_t n), void *arg)
{
    install();
    void *p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, (off_t)at);
    if (p == MAP_FAILED)
        return 0;
    struct guard g = {.at = p, .n = n};
    int rc = is_resident(p, n) ? show(&g, fn, arg) : 0;
    munmap(p, n);
    return rc;
}
