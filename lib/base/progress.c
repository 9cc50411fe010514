#include "base/progress.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/pool.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>

struct ra_progress {
    pthread_mutex_t mutex; /* over everything but the counters, and over the line on the terminal */
    pthread_cond_t wake;
    pthread_t drawer;
    bool drawer_runs, ending, draw, drawn;
    unsigned hidden;
    const char *phase;
    double started, phase_started;
    uint64_t total_items, total_bytes;
    atomic_uint_fast64_t items, bytes;
};

/* Raised by SIGUSR1: a handler can do no more than leave a word. */
static atomic_bool line_wanted;

static void on_usr1(int number)
{
    (void)number;
    line_wanted = 1;
}

static void add_rates(struct ra_buf *b, double seconds, uint64_t bytes, double fraction)
{
    char size[RA_SIZE_TEXT], eta[RA_TIME_TEXT];
    if (bytes && seconds > 0.5)
        ra_buf_addf(b, ", %s/s", ra_size_text((uint64_t)((double)bytes / seconds), size));
    if (fraction > 0.01 && fraction < 1 && seconds > 1)
        ra_buf_addf(b, ", %s left", ra_duration_text(seconds / fraction * (1 - fraction), eta));
}

static void describe(struct ra_progress *p, struct ra_buf *b)
{
    char count[RA_COUNT_TEXT], total[RA_COUNT_TEXT], size[RA_SIZE_TEXT];
    uint64_t items = atomic_load(&p->items), bytes = atomic_load(&p->bytes);
    double fraction = p->total_bytes   ? (double)bytes / (double)p->total_bytes
                      : p->total_items ? (double)items / (double)p->total_items
                                       : 0;
    ra_buf_adds(b, p->phase ? p->phase : "working");
    if (p->total_items)
        ra_buf_addf(b, ": %s of %s", ra_count_text(items, count), ra_count_text(p->total_items, total));
    else if (items)
        ra_buf_addf(b, ": %s", ra_count_text(items, count));
    if (fraction > 0)
        ra_buf_addf(b, " (%.0f%%)", fraction > 1 ? 100 : fraction * 100);
    if (bytes)
        ra_buf_addf(b, ", %s", ra_size_text(bytes, size));
    add_rates(b, ra_time_monotonic() - p->phase_started, bytes, fraction);
}

static void wipe_line(struct ra_progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", stderr);
    p->drawn = false;
}

static void draw_line(struct ra_progress *p)
{
    struct winsize w = {0};
    RA_BUF_AUTO line = {0};
    describe(p, &line);
    size_t width = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col - 1u : 79;
    fprintf(stderr, "\r\033[K%.*s", (int)width, ra_buf_str(&line));
    fflush(stderr);
    p->drawn = true;
}

static void answer_signal(struct ra_progress *p)
{
    RA_BUF_AUTO line = {0};
    line_wanted = 0;
    wipe_line(p);
    describe(p, &line);
    fprintf(stderr, "regadm: %s\n", ra_buf_str(&line));
}

static void *drawer_main(void *arg)
{
    struct ra_progress *p = arg;
    RA_LOCKED(&p->mutex);
    while (!p->ending) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 100000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&p->wake, &p->mutex, &until);
        if (line_wanted)
            answer_signal(p);
        else if (p->draw && !p->ending && !p->hidden && ra_time_monotonic() - p->started >= 1)
            draw_line(p);
    }
    return NULL;
}

struct ra_progress *ra_progress_start(bool draw)
{
    struct ra_progress *p = ra_new(struct ra_progress);
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->draw = draw;
    p->started = p->phase_started = ra_time_monotonic();
    struct sigaction act = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};
    sigemptyset(&act.sa_mask);
    sigaction(SIGUSR1, &act, NULL);
    p->drawer_runs = ra_thread_start(&p->drawer, drawer_main, p) == 0;
    return p;
}

void ra_progress_stop(struct ra_progress *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->mutex);
    p->ending = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->mutex);
    if (p->drawer_runs)
        pthread_join(p->drawer, NULL);
    wipe_line(p);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->mutex);
    free(p);
}

void ra_progress_phase(struct ra_progress *p, const char *name, uint64_t total_items, uint64_t total_bytes)
{
    if (!p)
        return;
    RA_LOCKED(&p->mutex);
    p->phase = name;
    p->phase_started = ra_time_monotonic();
    p->total_items = total_items;
    p->total_bytes = total_bytes;
    atomic_store(&p->items, 0);
    atomic_store(&p->bytes, 0);
}

void ra_progress_add(struct ra_progress *p, uint64_t items, uint64_t bytes)
{
    if (!p)
        return;
    atomic_fetch_add_explicit(&p->items, items, memory_order_relaxed);
    atomic_fetch_add_explicit(&p->bytes, bytes, memory_order_relaxed);
}

void ra_progress_hide(struct ra_progress *p)
{
    if (!p)
        return;
    RA_LOCKED(&p->mutex);
    p->hidden++;
    wipe_line(p);
}

void ra_progress_show(struct ra_progress *p)
{
    if (!p)
        return;
    RA_LOCKED(&p->mutex);
    p->hidden--;
}
