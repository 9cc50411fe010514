/* Pieces that threads work on come out in the order in which they went in, and failures too. */
#include "lib/testlib.h"

#include "base/relay.h"

#include <sched.h>

#define PIECES 500

struct chain {
    unsigned in[8], out[8]; /* by slot */
    unsigned pushed, taken, fail_work, fail_take;
};

static int square(void *arg, size_t slot, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct chain *c = arg;
    for (unsigned i = 0; i < c->in[slot] % 7; i++) /* some take longer */
        sched_yield();
    c->out[slot] = c->in[slot] * c->in[slot];
    return c->in[slot] == c->fail_work ? ra_fail(err, RA_IO, "no %u", c->in[slot]) : 0;
}

static int check_next(void *arg, size_t slot, struct ra_err *err)
{
    struct chain *c = arg;
    c->taken++;
    assert_int_equal(c->in[slot], c->taken);
    assert_int_equal(c->out[slot], c->taken * c->taken);
    return c->taken == c->fail_take ? ra_fail(err, RA_NOSPACE, "full") : 0;
}

static int run(struct chain *c, struct ra_relay *r, struct ra_err *err)
{
    int rc = 0;
    while (rc == 0 && c->pushed < PIECES) {
        c->in[ra_relay_slot(r)] = ++c->pushed;
        rc = ra_relay_push(r, err);
    }
    return rc < 0 ? rc : ra_relay_drain(r, err);
}

static const struct {
    unsigned threads;
    size_t slots;
} shapes[] = {{0, 1}, {1, 1}, {1, 3}, {2, 1}, {2, 4}, {4, 8}, {7, 2}};

static void order_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < RA_COUNT(shapes); i++) {
        struct ra_err err = {0};
        struct chain c = {0};
        RA_AUTO_PTR(ra_relay) r = ra_relay_new(shapes[i].threads, shapes[i].slots, square, check_next, &c);
        t_ok(ra_relay_drain(r, &err), &err);
        t_ok(run(&c, r, &err), &err);
        assert_int_equal(c.taken, PIECES);
    }
}

static void the_first_failure_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < RA_COUNT(shapes); i++) {
        struct ra_err err = {0};
        struct chain c = {.fail_work = 100}, d = {.fail_take = 100};
        RA_AUTO_PTR(ra_relay)
        works = ra_relay_new(shapes[i].threads, shapes[i].slots, square, check_next, &c);
        t_fails(run(&c, works, &err), RA_IO, &err);
        assert_int_equal(c.taken, 99);
        RA_AUTO_PTR(ra_relay)
        takes = ra_relay_new(shapes[i].threads, shapes[i].slots, square, check_next, &d);
        t_fails(run(&d, takes, &err), RA_NOSPACE, &err);
        assert_int_equal(d.taken, 100);
    }
}

static void what_nobody_took_is_dropped(void **state)
{
    (void)state;
    for (size_t i = 0; i < RA_COUNT(shapes); i++) {
        struct ra_err err = {0};
        struct chain c = {0};
        RA_AUTO_PTR(ra_relay) r = ra_relay_new(shapes[i].threads, shapes[i].slots, square, check_next, &c);
        c.in[ra_relay_slot(r)] = ++c.pushed;
        t_ok(ra_relay_push(r, &err), &err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_kept),
        cmocka_unit_test(the_first_failure_counts),
        cmocka_unit_test(what_nobody_took_is_dropped),
    };
    return T_RUN(tests);
}
