/* Compact key lists, flat listings in ranges, and the snapshot made of them: always against a store in memory, whose own
 * listings say what is right. */
#include "lib/testlib.h"

#include "base/str.h"
#include "store/flatlist.h"
#include "store/mem.h"
#include "store/snapshot.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* --- key lists --- */

static const int64_t times[] = {0,
                                1000000000,
                                1700000000000000000,
                                1,
                                INT64_MIN,
                                INT64_MAX,
                                INT64_MAX / 1000000000 * 1000000000,
                                INT64_MIN / 1000000000 * 1000000000,
                                -2000000000};

static void keys_come_back_in_order(void **state)
{
    (void)state;
    struct ra_keylist l = {0};
    uint64_t seed = 1;
    for (int i = 0; i < 1000; i++) {
        struct ra_stat st = {.kind = i % 7 ? RA_OBJECT : RA_OTHER,
                             .size = t_random(&seed) >> 2,
                             .mtime = (int64_t)t_random(&seed)};
        assert_true(ra_keylist_add(&l, t_fmt("some/folder/%04d/data", i), &st));
    }
    assert_int_equal(l.n, 1000);
    seed = 1;
    RA_KEYCURSOR_AUTO c = {0};
    bool more = ra_keycursor_seek(&c, &l, "");
    for (int i = 0; i < 1000; i++, more = ra_keycursor_next(&c)) {
        assert_true(more);
        assert_string_equal(ra_buf_str(&c.key), t_fmt("some/folder/%04d/data", i));
        assert_int_equal(c.index, i);
        assert_int_equal(c.st.kind, i % 7 ? RA_OBJECT : RA_OTHER);
        assert_true(c.st.size == t_random(&seed) >> 2);
        assert_true(c.st.mtime == (int64_t)t_random(&seed));
    }
    assert_false(more);
    ra_keylist_release(&l);
}

static void seeking_finds_the_first_not_before(void **state)
{
    (void)state;
    struct ra_keylist l = {0};
    struct ra_stat st = {.size = 1};
    for (int i = 0; i < 200; i += 2)
        assert_true(ra_keylist_add(&l, t_fmt("k%03d", i), &st));
    RA_KEYCURSOR_AUTO c = {0};
    for (int i = 0; i < 199; i++) {
        assert_true(ra_keycursor_seek(&c, &l, t_fmt("k%03d", i)));
        assert_string_equal(ra_buf_str(&c.key), t_fmt("k%03d", (i + 1) / 2 * 2));
    }
    assert_false(ra_keycursor_seek(&c, &l, "k199"));
    assert_true(ra_keycursor_seek(&c, &l, "a"));
    assert_false(ra_keylist_add(&l, "k198", &st));
    assert_false(ra_keylist_add(&l, "k000", &st));
    ra_keylist_release(&l);
}

/* Whatever two keys share, at either end and overlapping, and wherever digits stand in them. */
static void any_keys_come_back(void **state)
{
    (void)state;
    static const char letters[] = "aab0123456789abcdef/g";
    struct ra_keylist l = {0};
    struct ra_strlist keys = {0};
    uint64_t seed = 4;
    ra_strlist_add(&keys, "0123456789abcdef");
    for (int i = 0; i < 3000; i++) {
        char key[60];
        size_t n = 1 + t_random(&seed) % (sizeof(key) - 1);
        for (size_t k = 0; k < n; k++)
            key[k] = letters[t_random(&seed) % (i % 2 ? 3 : sizeof(letters) - 1)];
        ra_strlist_add(&keys, t_fmt("%.*s", (int)n, key));
    }
    qsort(keys.at, keys.n, sizeof(*keys.at), by_text);
    ra_auto_free const char **added = ra_calloc(keys.n, sizeof(*added));
    size_t n = 0;
    for (size_t i = 0; i < keys.n; i++) {
        if (!ra_keylist_add(&l, keys.at[i],
                            &(struct ra_stat){.size = i, .mtime = times[i % RA_COUNT(times)]}))
            continue;
        added[n++] = keys.at[i];
    }
    RA_KEYCURSOR_AUTO c = {0};
    assert_true(n > 2000 && ra_keycursor_seek(&c, &l, ""));
    for (size_t i = 0; i < n; i++, ra_keycursor_next(&c)) {
        assert_string_equal(ra_buf_str(&c.key), added[i]);
        assert_true(c.st.mtime == times[c.st.size % RA_COUNT(times)]);
    }
    ra_strlist_release(&keys);
    ra_keylist_release(&l);
}

/* What is forgotten takes no memory, and what is left is found as before. */
static void a_part_is_forgotten(void **state)
{
    (void)state;
    struct ra_keylist l = {0};
    struct ra_stat st = {.size = 5};
    for (int i = 0; i < 3000; i++)
        assert_true(ra_keylist_add(&l, t_fmt("%c/%04d", "abc"[i / 1000], i), &st));
    size_t before = ra_keylist_memory(&l);
    ra_keylist_forget(&l, "b/");
    assert_in_range(ra_keylist_memory(&l), before / 2, before * 7 / 10);
    RA_KEYCURSOR_AUTO c = {0};
    for (int i = 0; i < 3000; i += i == 999 ? 1001 : 1) {
        const char *key = t_fmt("%c/%04d", "abc"[i / 1000], i);
        assert_true(ra_keycursor_seek(&c, &l, key));
        assert_string_equal(ra_buf_str(&c.key), key);
        assert_int_equal(c.index, i);
    }
    assert_false(ra_keycursor_next(&c));
    ra_keylist_forget(&l, "");
    assert_false(ra_keycursor_seek(&c, &l, ""));
    ra_keylist_release(&l);
}

static void lists_are_joined(void **state)
{
    (void)state;
    struct ra_keylist all = {0};
    struct ra_stat st = {.size = 5, .mtime = 77};
    for (int part = 0; part < 5; part++) {
        struct ra_keylist l = {0};
        for (int i = 0; i < part * 9; i++)
            assert_true(ra_keylist_add(&l, t_fmt("%d/%02d", part, i), &st));
        assert_true(ra_keylist_join(&all, &l));
        assert_int_equal(l.n, 0);
    }
    assert_int_equal(all.n, 90);
    assert_true(ra_keylist_add(&all, "9", &st));
    struct ra_keylist wrong = {0};
    assert_true(ra_keylist_add(&wrong, "3/00", &st));
    assert_false(ra_keylist_join(&all, &wrong));
    ra_keylist_release(&wrong);
    RA_KEYCURSOR_AUTO c = {0};
    uint64_t n = 0;
    for (bool more = ra_keycursor_seek(&c, &all, ""); more; more = ra_keycursor_next(&c)) {
        assert_int_equal(c.index, n++);
        assert_int_equal(c.st.mtime, 77);
    }
    assert_int_equal(n, 91);
    assert_true(ra_keycursor_seek(&c, &all, "3/20"));
    assert_string_equal(ra_buf_str(&c.key), "3/20");
    ra_keylist_release(&all);
}

static void keys_passed_over_count_for_the_order(void **state)
{
    (void)state;
    struct ra_keylist l = {0};
    struct ra_stat st = {.size = 5, .mtime = 77};
    for (int i = 0; i < 100; i++)
        assert_true(i % 7 < 3 ? ra_keylist_add(&l, t_fmt("key %03d", i), &st)
                              : ra_keylist_pass(&l, t_fmt("key %03d", i)));
    assert_false(ra_keylist_add(&l, "key 098", &st));
    assert_false(ra_keylist_pass(&l, "key 099"));
    struct ra_keylist late = {0};
    assert_true(ra_keylist_add(&late, "key 098", &st));
    assert_true(ra_keylist_pass(&l, "key 100"));
    assert_false(ra_keylist_join(&l, &late));
    RA_KEYCURSOR_AUTO c = {0};
    uint64_t n = 0;
    for (bool more = ra_keycursor_seek(&c, &l, ""); more; more = ra_keycursor_next(&c), n++)
        assert_string_equal(ra_buf_str(&c.key), t_fmt("key %03d", (int)(n / 3 * 7 + n % 3)));
    assert_int_equal(n, l.n);
    assert_int_equal(n, 44);
    ra_keylist_release(&late);
    ra_keylist_release(&l);
}

static void digests_take_few_bytes(void **state)
{
    (void)state;
    struct ra_keylist l = {0};
    uint64_t seed = 2;
    for (int i = 0; i < 20000; i++) {
        struct ra_stat st = {.size = t_random(&seed) % 50000000,
                             .mtime = 1700000000000000000 + (int64_t)i * 1000000};
        const char *hex = t_fmt("%04x%012lx%016lx%016lx%016lx", i, t_random(&seed) >> 16, t_random(&seed),
                                t_random(&seed), t_random(&seed));
        assert_true(ra_keylist_add(&l, t_fmt("blobs/sha256/%.2s/%s/data", hex, hex), &st));
    }
    ra_keylist_shrink(&l);
    assert_in_range(ra_keylist_memory(&l) / l.n, 36, 44);
    ra_keylist_release(&l);
}

/* --- listings --- */

static void put(struct ra_store *s, const char *key, const char *text)
{
    struct ra_err err = {0};
    t_ok(ra_store_put(s, key, text, strlen(text), 0, &err), &err);
}

/* A listing as one text, sorted: it has no promised order. */
static const char *listing(struct ra_store *s, const char *prefix, enum ra_list_mode mode, const char *leaf)
{
    struct ra_err err = {0};
    struct ra_list_opts opts = {.mode = mode, .leaf = leaf, .want = RA_WANT_ALL};
    struct ra_strlist lines = {0};
    RA_AUTO_PTR(ra_list) l = NULL;
    struct ra_page page;
    int rc = ra_list_open(s, prefix, &opts, &l, &err);
    while (rc == 0 && (rc = ra_list_next(l, &page, &err)) > 0) {
        for (size_t i = 0; i < page.n; i++) {
            const struct ra_stat *st = &page.at[i].st;
            bool object = st->kind == RA_OBJECT;
            ra_strlist_add(&lines, t_fmt("%s %d %llu %lld\n", page.at[i].name, st->kind,
                                         object ? (unsigned long long)st->size : 0,
                                         object ? (long long)st->mtime : 0));
        }
        rc = 0;
    }
    t_ok(rc, &err);
    if (lines.n)
        qsort(lines.at, lines.n, sizeof(*lines.at), by_text);
    RA_BUF_AUTO text = {0};
    for (size_t i = 0; i < lines.n; i++)
        ra_buf_adds(&text, lines.at[i]);
    ra_strlist_release(&lines);
    return t_fmt("%s", ra_buf_str(&text));
}

static const char *const prefixes[] = {"v2/",
                                       "v2/blobs/",
                                       "v2/blobs/sha256/",
                                       "v2/blobs/sha256/1/",
                                       "v2/repositories/",
                                       "v2/repositories/r1/",
                                       "v2/repositories/r1/_manifests/tags/",
                                       "v2/nothing/",
                                       "elsewhere/"};

static void same_listings(struct ra_store *a, struct ra_store *b)
{
    for (size_t i = 0; i < RA_COUNT(prefixes); i++) {
        assert_string_equal(listing(a, prefixes[i], RA_LIST_DEEP, NULL),
                            listing(b, prefixes[i], RA_LIST_DEEP, NULL));
        assert_string_equal(listing(a, prefixes[i], RA_LIST_LEVEL, NULL),
                            listing(b, prefixes[i], RA_LIST_LEVEL, NULL));
        assert_string_equal(listing(a, prefixes[i], RA_LIST_LEAF, "data"),
                            listing(b, prefixes[i], RA_LIST_LEAF, "data"));
        assert_string_equal(listing(a, prefixes[i], RA_LIST_LEAF, "current/link"),
                            listing(b, prefixes[i], RA_LIST_LEAF, "current/link"));
    }
}

/* Some hundred keys: with five to a page, many more than are read before the keys are split into ranges. */
static struct ra_store *sample(void)
{
    struct ra_store *s = ra_mem_open();
    uint64_t seed = 3;
    for (int i = 0; i < 300; i++) {
        uint64_t n = t_random(&seed);
        put(s, t_fmt("v2/blobs/sha256/%x/%016lx/data", (unsigned)(n >> 60), n), t_fmt("%d", i));
    }
    for (int i = 0; i < 30; i++)
        for (int k = 0; k < i % 5; k++) {
            put(s, t_fmt("v2/repositories/r%d/_manifests/tags/t%d/current/link", i, k), "x");
            put(s, t_fmt("v2/repositories/r%d/_manifests/tags/t%d/index/sha256/%d/link", i, k, k), "x");
        }
    put(s, "v2/repositories/r1/_manifests/tags/half/index/link", "x");
    put(s, "v2/repositories/r1/_manifests/tags/file", "x");
    put(s, "v2/repositories/r1-b/_layers/x/link", "x");
    put(s, "v2/blobs/sha256/stray", "x");
    put(s, "elsewhere/a/data", "x");
    return s;
}

static struct ra_store *snapshot_of(struct ra_store *s, unsigned threads)
{
    struct ra_err err = {0};
    struct ra_store *out;
    t_ok(ra_snapshot_open(s, &(struct ra_flatlist_opts){.prefix = "v2/", .threads = threads}, &out, &err),
         &err);
    return out;
}

static void ranges_give_what_one_listing_gives(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = sample();
    struct ra_err err = {0};
    struct ra_keylist lists[4] = {{0}};
    static const unsigned threads[] = {1, 2, 5, 16};
    for (size_t i = 0; i < RA_COUNT(threads); i++) {
        t_ok(ra_flatlist(s, &(struct ra_flatlist_opts){.prefix = "v2/", .threads = threads[i]}, &lists[i],
                         &err),
             &err);
        assert_int_equal(lists[i].n, lists[0].n);
        RA_KEYCURSOR_AUTO a = {0};
        RA_KEYCURSOR_AUTO b = {0};
        bool more = ra_keycursor_seek(&a, &lists[0], ""), also = ra_keycursor_seek(&b, &lists[i], "");
        for (; more && also; more = ra_keycursor_next(&a), also = ra_keycursor_next(&b))
            assert_string_equal(ra_buf_str(&a.key), ra_buf_str(&b.key));
        assert_true(!more && !also);
    }
    for (size_t i = 0; i < RA_COUNT(lists); i++)
        ra_keylist_release(&lists[i]);
}

struct passing {
    pthread_mutex_t lock;
    struct ra_strlist blobs;
    bool orderly;
};

/* Takes all blobs, and leaves one key of each repository. */
static bool keep_few(void *arg, const char *before, const struct ra_entry *e)
{
    struct passing *p = arg;
    pthread_mutex_lock(&p->lock);
    p->orderly &= strcmp(before, e->name) < 0;
    bool blob = ra_starts_with(e->name, "blobs/");
    if (blob)
        ra_strlist_add(&p->blobs, t_fmt("%s %d\n", e->name, (int)e->st.size));
    pthread_mutex_unlock(&p->lock);
    size_t n = strlen("repositories/") + strcspn(e->name + strlen("repositories/"), "/") + 1;
    return !blob && strncmp(before, e->name, n) != 0;
}

static void a_listing_leaves_out_what_is_not_kept(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = sample();
    struct ra_err err = {0};
    static const unsigned threads[] = {1, 2, 16};
    for (size_t i = 0; i < RA_COUNT(threads); i++) {
        struct passing p = {.lock = PTHREAD_MUTEX_INITIALIZER, .orderly = true};
        struct ra_flatlist_opts opts = {.prefix = "v2/", .threads = threads[i], .keep = keep_few, .arg = &p};
        RA_AUTO_PTR(ra_store) shot = NULL;
        t_ok(ra_snapshot_open(s, &opts, &shot, &err), &err);
        assert_true(p.orderly);
        assert_int_equal(p.blobs.n, 301);
        assert_string_equal(listing(shot, "v2/", RA_LIST_LEVEL, NULL), "repositories 1 0 0\n");
        assert_string_equal(listing(shot, "v2/repositories/", RA_LIST_LEVEL, NULL),
                            listing(s, "v2/repositories/", RA_LIST_LEVEL, NULL));
        assert_string_equal(listing(shot, "v2/repositories/r4/_manifests/tags/", RA_LIST_LEVEL, NULL),
                            "t0 1 0 0\n");
        ra_snapshot_forget(shot, "v2/blobs/");
        assert_string_equal(listing(shot, "v2/blobs/", RA_LIST_DEEP, NULL),
                            listing(s, "v2/blobs/", RA_LIST_DEEP, NULL));
        ra_strlist_release(&p.blobs);
    }
}

static void nothing_is_nothing(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = ra_mem_open();
    RA_AUTO_PTR(ra_store) shot = snapshot_of(s, 4);
    same_listings(s, shot);
    struct ra_stat st;
    t_fails(ra_store_stat(shot, "v2/x", &st, NULL), RA_NOTFOUND, NULL);
}

static void a_snapshot_lists_like_the_store(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = sample();
    RA_AUTO_PTR(ra_store) one = snapshot_of(s, 1);
    RA_AUTO_PTR(ra_store) many = snapshot_of(s, 8);
    same_listings(s, one);
    same_listings(s, many);
}

static void it_stays_as_it_was(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = sample();
    const char *before = listing(s, "v2/blobs/", RA_LIST_DEEP, NULL);
    RA_AUTO_PTR(ra_store) shot = snapshot_of(s, 2);
    put(s, "v2/blobs/sha256/1/new/data", "x");
    assert_string_equal(listing(shot, "v2/blobs/", RA_LIST_DEEP, NULL), before);
    struct ra_stat st;
    t_fails(ra_store_stat(shot, "v2/blobs/sha256/1/new/data", &st, NULL), RA_NOTFOUND, NULL);
}

static void what_is_forgotten_is_asked_for_beneath(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = sample();
    RA_AUTO_PTR(ra_store) shot = snapshot_of(s, 2);
    struct ra_err err = {0};
    struct ra_stat st;
    ra_snapshot_forget(shot, "v2/blobs/");
    same_listings(s, shot);
    put(s, "v2/blobs/sha256/1/new/data", "x");
    put(s, "v2/repositories/new/link", "x");
    t_ok(ra_store_stat(shot, "v2/blobs/sha256/1/new/data", &st, &err), &err);
    t_fails(ra_store_stat(shot, "v2/repositories/new/link", &st, NULL), RA_NOTFOUND, NULL);
    ra_snapshot_forget(shot, "v2/");
    same_listings(s, shot);
    t_ok(ra_store_stat(shot, "v2/repositories/new/link", &st, &err), &err);
}

static void looks_know_objects_and_folders(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = sample();
    RA_AUTO_PTR(ra_store) shot = snapshot_of(s, 2);
    struct ra_err err = {0};
    struct ra_stat st;
    t_ok(ra_store_stat(shot, "v2/blobs/sha256/stray", &st, &err), &err);
    assert_int_equal(st.kind, RA_OBJECT);
    assert_int_equal(st.size, 1);
    t_ok(ra_store_stat(shot, "v2/repositories/r1", &st, &err), &err);
    assert_int_equal(st.kind, RA_PREFIX);
    t_ok(ra_store_stat(shot, "elsewhere/a/data", &st, &err), &err);
    t_fails(ra_store_stat(shot, "v2/repositories/r", &st, &err), RA_NOTFOUND, &err);
    t_fails(ra_store_stat(shot, "v2/blobs/sha256/stra", &st, &err), RA_NOTFOUND, &err);
}

static void what_goes_through_it_is_seen(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = sample();
    RA_AUTO_PTR(ra_store) shot = snapshot_of(s, 2);
    struct ra_err err = {0};
    put(shot, "v2/repositories/r1/_manifests/tags/new/current/link", "x");
    same_listings(s, shot);
    struct ra_removal gone[] = {{.key = "v2/repositories/r1/_manifests/tags/t0/current/link"},
                                {.key = "v2/blobs/sha256/stray"},
                                {.key = "v2/nothing/there"}};
    t_ok(ra_store_remove(shot, gone, RA_COUNT(gone), RA_ANY_AGE, &err), &err);
    same_listings(s, shot);
    t_ok(ra_store_remove_prefix(shot, "v2/blobs/sha256/1/", 0, RA_ANY_AGE, NULL, NULL, &err), &err);
    same_listings(s, shot);
    for (int i = 0; i < 300; i++) /* more than are remembered one by one */
        put(shot, t_fmt("v2/repositories/r2/x/%d", i), "x");
    same_listings(s, shot);
    t_ok(ra_store_remove_prefix(shot, "", 0, RA_ANY_AGE, NULL, NULL, &err), &err);
    same_listings(s, shot);
}

static void what_others_removed_is_noticed_when_read(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = sample();
    RA_AUTO_PTR(ra_store) shot = snapshot_of(s, 2);
    struct ra_err err = {0};
    RA_BUF_AUTO out = {0};
    struct ra_stat st;
    struct ra_removal gone = {.key = "v2/blobs/sha256/stray"};
    t_ok(ra_store_remove(s, &gone, 1, RA_ANY_AGE, &err), &err);
    t_ok(ra_store_stat(shot, gone.key, &st, &err), &err);
    t_fails(ra_store_get(shot, gone.key, 100, &out, NULL, &err), RA_NOTFOUND, &err);
    t_fails(ra_store_stat(shot, gone.key, &st, &err), RA_NOTFOUND, &err);
    same_listings(s, shot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_back_in_order),
        cmocka_unit_test(seeking_finds_the_first_not_before),
        cmocka_unit_test(any_keys_come_back),
        cmocka_unit_test(a_part_is_forgotten),
        cmocka_unit_test(lists_are_joined),
        cmocka_unit_test(keys_passed_over_count_for_the_order),
        cmocka_unit_test(digests_take_few_bytes),
        cmocka_unit_test(ranges_give_what_one_listing_gives),
        cmocka_unit_test(a_listing_leaves_out_what_is_not_kept),
        cmocka_unit_test(nothing_is_nothing),
        cmocka_unit_test(a_snapshot_lists_like_the_store),
        cmocka_unit_test(it_stays_as_it_was),
        cmocka_unit_test(what_is_forgotten_is_asked_for_beneath),
        cmocka_unit_test(looks_know_objects_and_folders),
        cmocka_unit_test(what_goes_through_it_is_seen),
        cmocka_unit_test(what_others_removed_is_noticed_when_read),
    };
    return T_RUN(tests);
}
