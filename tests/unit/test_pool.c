/* Every thread has room enough on its stack, whatever the C library or the user gives one by default. */
#include "lib/testlib.h"

#include "base/pool.h"

#include <pthread.h>

static void *measure(void *arg)
{
    pthread_attr_t attr;
    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        pthread_attr_getstacksize(&attr, arg);
        pthread_attr_destroy(&attr);
    }
    return NULL;
}

static void threads_have_room(void **state)
{
    (void)state;
    pthread_attr_t least;
    size_t before = 0, size = 0;
    pthread_t thread;
    assert_int_equal(pthread_getattr_default_np(&least), 0);
    assert_int_equal(pthread_attr_getstacksize(&least, &before), 0);
    assert_int_equal(pthread_attr_setstacksize(&least, 128 << 10), 0);
    assert_int_equal(pthread_setattr_default_np(&least), 0);
    assert_int_equal(ra_thread_start(&thread, measure, &size), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(size >= 1 << 20);
    assert_int_equal(pthread_attr_setstacksize(&least, before), 0);
    pthread_setattr_default_np(&least);
    pthread_attr_destroy(&least);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_have_room),
    };
    return T_RUN(tests);
}
