/* Links and tags as they are noted down and written, whoever owns the digests. */
#include "lib/testlib.h"

#include "registry/layout.h"
#include "registry/put.h"
#include "registry/read.h"

enum { COUNT = 40 };

static struct ra_digest nth(unsigned i)
{
    struct ra_digest d;
    ra_digest_of(RA_SHA256, &i, sizeof(i), &d);
    return d;
}

static void note(struct ra_put *put)
{
    for (unsigned i = 0; i < COUNT; i++) {
        struct ra_digest d = nth(i), next = nth(i + 1);
        char tag[16];
        snprintf(tag, sizeof(tag), "v%u", i);
        ra_put_layer(put, i % 2 ? "odd" : "even", &d);
        ra_put_revision(put, "team/app", &d);
        ra_put_tag(put, "team/app", tag, &next);
        ra_put_tag(put, "team/app", tag, &d);
        ra_put_layer(put, i % 2 ? "odd" : "even", &d);
    }
}

static void check_link(struct ra_store *s, const char *key, unsigned i)
{
    struct ra_err err = {0};
    struct ra_digest got, want = nth(i);
    t_ok(ra_link_read(s, key, &got, NULL, &err), &err);
    assert_true(ra_digest_eq(&want, &got));
}

static void check(struct ra_store *s)
{
    for (unsigned i = 0; i < COUNT; i++) {
        struct ra_digest d = nth(i), next = nth(i + 1);
        struct ra_key key;
        char tag[16];
        snprintf(tag, sizeof(tag), "v%u", i);
        check_link(s, ra_key_layer(&key, i % 2 ? "odd" : "even", &d), i);
        check_link(s, ra_key_revision(&key, "team/app", &d), i);
        check_link(s, ra_key_tag_history(&key, "team/app", tag, &next), i + 1);
        check_link(s, ra_key_tag_history(&key, "team/app", tag, &d), i);
        check_link(s, ra_key_tag_current(&key, "team/app", tag), i);
    }
}

/* `lent` of the digests are somebody else's; 0: none is, or there is no such set. */
static void put_with(unsigned lent, bool lend)
{
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_store) s = ra_mem_open();
    struct ra_digest_set known = {0};
    struct ra_put_counts counts = {0};
    for (unsigned i = 0; i < lent; i++) {
        struct ra_digest d = nth(COUNT - 3 * i);
        ra_digest_set_add(&known, &d, NULL);
    }
    RA_AUTO_PTR(ra_put) put = ra_put_new(s);
    if (lend)
        ra_put_lend(put, &known);
    note(put);
    t_ok(ra_put_finish(put, 2, &counts, &err), &err);
    assert_int_equal(counts.layer_links, COUNT);
    assert_int_equal(counts.revision_links, COUNT);
    assert_int_equal(counts.tags, COUNT);
    assert_int_equal(known.n, lent);
    check(s);
    ra_digest_set_release(&known);
}

static void links_are_written(void **state)
{
    (void)state;
    put_with(0, false);
}

static void digests_may_be_lent(void **state)
{
    (void)state;
    put_with(0, true);
    put_with(1, true);
    put_with(COUNT / 3, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_are_written),
        cmocka_unit_test(digests_may_be_lent),
    };
    return T_RUN(tests);
}
