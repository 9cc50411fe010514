#include "base/pool.h"

#include "base/mem.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

unsigned ra_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
        return (unsigned)CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}

/* A signal handler has nowhere else to leave its word. */
static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
    if (stop_signal && number == SIGINT) {
        signal(number, SIG_DFL);
        raise(number);
    }
    stop_signal = number;
}

void ra_cancel_install(void)
{
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&act.sa_mask);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGHUP, &act, NULL);
}

bool ra_cancelled(void)
{
    return stop_signal != 0;
}

int ra_cancel_signal(void)
{
    return stop_signal;
}

int ra_check_cancelled(struct ra_err *err)
{
    return ra_cancelled() ? ra_fail(err, RA_CANCELLED, "stopped by a signal") : 0;
}

/* In short waits: the signal may come to another thread, or just before a wait begins. What else is wrong with the
 * descriptor, read() or write() will tell. */
static int wait_for(int fd, short events, struct ra_err *err)
{
    enum { MILLISECONDS = 100 };
    struct pollfd wait = {.fd = fd, .events = events};
    int ready = 0;
    while (!ra_cancelled() && (ready == 0 || (ready < 0 && errno == EINTR)))
        ready = poll(&wait, 1, MILLISECONDS);
    return ra_check_cancelled(err);
}

int ra_wait_readable(int fd, struct ra_err *err)
{
    return wait_for(fd, POLLIN, err);
}

int ra_wait_writable(int fd, struct ra_err *err)
{
    return wait_for(fd, POLLOUT, err);
}

struct crew {
    size_t n;
    int (*fn)(void *arg, size_t i, unsigned worker, struct ra_err *err);
    void *arg;
    atomic_size_t next;
    atomic_bool stop;
    pthread_mutex_t mutex; /* over err and rc */
    struct ra_err err;
    int rc;
};

struct worker {
    struct crew *crew;
    unsigned number;
    pthread_t thread;
};

static void record_failure(struct crew *crew, struct ra_err *err, int rc)
{
    RA_LOCKED(&crew->mutex);
    atomic_store(&crew->stop, true);
    if (crew->rc == 0) {
        crew->rc = rc;
        ra_err_move(&crew->err, err);
    }
}

static void work(struct crew *crew, unsigned number)
{
    RA_ERR_AUTO err = {0};
    while (!atomic_load_explicit(&crew->stop, memory_order_relaxed)) {
        size_t i = atomic_fetch_add(&crew->next, 1);
        if (i >= crew->n)
            return;
        int rc = ra_check_cancelled(&err);
        if (rc == 0)
            rc = crew->fn(crew->arg, i, number, &err);
        if (rc < 0) {
            record_failure(crew, &err, rc);
            return;
        }
    }
}

static void *thread_main(void *arg)
{
    struct worker *w = arg;
    work(w->crew, w->number);
    return NULL;
}

int ra_parallel(unsigned threads, size_t n, int (*fn)(void *, size_t, unsigned, struct ra_err *), void *arg,
                struct ra_err *err)
{
    struct crew crew = {.n = n, .fn = fn, .arg = arg, .mutex = PTHREAD_MUTEX_INITIALIZER};
    if (threads > n)
        threads = (unsigned)n;
    ra_auto_free struct worker *workers = ra_calloc(threads, sizeof(*workers));
    unsigned started = 1;
    for (; started < threads; started++) {
        workers[started] = (struct worker){.crew = &crew, .number = started};
        /* Fewer threads than wished for are slower, not wrong. */
        if (pthread_create(&workers[started].thread, NULL, thread_main, &workers[started]) != 0)
            break;
    }
    if (n > 0)
        work(&crew, 0);
    for (unsigned i = 1; i < started && i < threads; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_mutex_destroy(&crew.mutex);
    if (crew.rc < 0) {
        ra_err_move(err, &crew.err);
        ra_err_release(&crew.err);
    }
    return crew.rc;
}
