#include "base/pool.h"

#include "base/clock.h"
#include "base/mem.h"

#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>

unsigned ra_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
        return (unsigned)CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}

/* A signal handler has nowhere else to leave its word, and any thread may read it. */
static atomic_int stop_signal;

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
    signal(SIGXFSZ, SIG_IGN); /* the write fails instead, and what was begun is cleaned up */
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

int ra_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
    enum { STACK = 1 << 20 };
    pthread_attr_t attr;
    size_t size;
    pthread_attr_init(&attr);
    if (pthread_attr_getstacksize(&attr, &size) == 0 && size < STACK)
        pthread_attr_setstacksize(&attr, STACK);
    int rc = pthread_create(thread, &attr, run, arg);
    pthread_attr_destroy(&attr);
    return rc;
}

/* So many threads begin and, while they wait, so many more join. */
#define AT_ONCE 16
/* Over how many seconds at least waiting is measured, and how often a second it has to happen. */
#define MEASURE     0.005
#define WAITING     500
#define NOT_COUNTED LONG_MAX

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

/* The caller's thread, which is the first worker, and what it knows of the others. */
struct lead {
    struct crew *crew;
    struct worker *workers;
    unsigned started, threads;
    double since; /* when the waits were counted */
    long waits;
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

static bool work(struct crew *crew, unsigned number)
{
    RA_ERR_AUTO err = {0};
    if (atomic_load_explicit(&crew->stop, memory_order_relaxed))
        return false;
    size_t i = atomic_fetch_add(&crew->next, 1);
    if (i >= crew->n)
        return false;
    int rc = ra_check_cancelled(&err);
    if (rc == 0)
        rc = crew->fn(crew->arg, i, number, &err);
    if (rc < 0)
        record_failure(crew, &err, rc);
    return rc >= 0;
}

static void *thread_main(void *arg)
{
    struct worker *w = arg;
    while (work(w->crew, w->number))
        ;
    return NULL;
}

static void start(struct lead *lead, unsigned upto)
{
    while (lead->started < lead->threads && lead->started < upto) {
        struct worker *w = &lead->workers[lead->started];
        *w = (struct worker){.crew = lead->crew, .number = lead->started};
        /* Fewer threads than wished for are slower, not wrong. */
        if (ra_thread_start(&w->thread, thread_main, w) != 0)
            lead->threads = lead->started;
        else
            lead->started++;
    }
}

/*
 * A disk whose blocks are cached keeps a few threads busy; a cold one answers many at a time, and most of them wait. A
 * thread knows how often it gave the processor away of its own accord, which no other program changes.
 */
static void reinforce(struct lead *lead)
{
    struct rusage used;
    double now = ra_time_monotonic(), passed = now - lead->since;
    if (lead->started >= lead->threads || passed < MEASURE || getrusage(RUSAGE_THREAD, &used))
        return;
    if ((double)(used.ru_nvcsw - lead->waits) > passed * WAITING)
        start(lead, lead->started + AT_ONCE);
    lead->since = now;
    lead->waits = used.ru_nvcsw;
}

static int run(struct crew *crew, unsigned threads, unsigned at_once, struct ra_err *err)
{
    if (threads > crew->n)
        threads = (unsigned)crew->n;
    ra_auto_free struct worker *workers = ra_calloc(threads, sizeof(*workers));
    struct lead lead = {
        .crew = crew, .workers = workers, .started = 1, .threads = threads, .waits = NOT_COUNTED};
    start(&lead, at_once);
    while (work(crew, 0))
        reinforce(&lead);
    for (unsigned i = 1; i < lead.started; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_mutex_destroy(&crew->mutex);
    if (crew->rc < 0) {
        ra_err_move(err, &crew->err);
        ra_err_release(&crew->err);
    }
    return crew->rc;
}

int ra_parallel(unsigned threads, size_t n, int (*fn)(void *, size_t, unsigned, struct ra_err *), void *arg,
                struct ra_err *err)
{
    struct crew crew = {.n = n, .fn = fn, .arg = arg, .mutex = PTHREAD_MUTEX_INITIALIZER};
    return run(&crew, threads, threads, err);
}

int ra_parallel_io(unsigned threads, size_t n, int (*fn)(void *, size_t, unsigned, struct ra_err *),
                   void *arg, struct ra_err *err)
{
    struct crew crew = {.n = n, .fn = fn, .arg = arg, .mutex = PTHREAD_MUTEX_INITIALIZER};
    unsigned cpus = ra_cpu_count();
    return run(&crew, threads, cpus > AT_ONCE ? cpus : AT_ONCE, err);
}
