#include "lib/testlib.h"

#include "base/str.h"
#include "format/members.h"
#include "format/tar.h"
#include "format/tar_header.h"

#include <fcntl.h>
#include <sys/mman.h>

/* --- making archives ---------------------------------------------------------------------------------------- */

static void add(struct ra_buf *tar, const char *name, const char *data)
{
    ra_tar_put_header(tar, name, strlen(data), tar->len, 0);
    ra_buf_adds(tar, data);
    size_t pad = ra_tar_padding(strlen(data));
    memset(ra_buf_reserve(tar, pad + 1), 0, pad + 1);
    tar->len += pad;
}

static void seal(struct ra_tar_header *h)
{
    memset(h->checksum, ' ', 8);
    snprintf(h->checksum, 8, "%06o", ra_tar_checksum(h));
}

/* A header of any type, whose fields the caller changes afterwards. */
static struct ra_tar_header *raw(struct ra_buf *tar, char type, const char *name, const char *link,
                                 const char *size)
{
    struct ra_tar_header *h = memset(ra_buf_reserve(tar, 512), 0, 512);
    tar->len += 512;
    h->type = type;
    memcpy(h->name, name, strlen(name));
    memcpy(h->link, link, strlen(link));
    memcpy(h->size, size, strlen(size));
    memcpy(h->magic, "ustar", 6);
    memcpy(h->version, "00", 2);
    seal(h);
    return h;
}

static int memory_file(const struct ra_buf *b)
{
    int fd = memfd_create("tar", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, ra_buf_str(b), b->len), b->len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* --- reading ------------------------------------------------------------------------------------------------ */

struct reading {
    int fd;
    struct ra_tar_fd from;
    struct ra_tar_source source;
    struct ra_tar *tar;
};

static void start(struct reading *r, const struct ra_buf *b)
{
    r->fd = memory_file(b);
    r->source = ra_tar_fd_source(&r->from, r->fd);
    r->tar = ra_tar_open(&r->source);
}

static void stop(struct reading *r)
{
    ra_tar_close(r->tar);
    close(r->fd);
}

/* All members' names, or the error's code. */
static int list(const struct ra_buf *b, struct ra_buf *names, bool *ended)
{
    struct reading r;
    struct ra_tar_member m;
    RA_ERR_AUTO err = {0};
    int rc;
    start(&r, b);
    while ((rc = ra_tar_next(r.tar, &m, &err)) > 0)
        ra_buf_addf(names, "%s=%llu ", m.name, (unsigned long long)m.size);
    *ended = ra_tar_ended(r.tar);
    stop(&r);
    return rc;
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    RA_BUF_AUTO tar = {0};
    RA_BUF_AUTO names = {0};
    char name[201] = {0};
    bool ended;
    memset(name, 'n', 200);
    add(&tar, "one", "1");
    add(&tar, name, "long");
    add(&tar, "empty", "");
    ra_tar_put_end(&tar);
    assert_int_equal(list(&tar, &names, &ended), 0);
    assert_string_equal(ra_buf_str(&names), t_fmt("one=1 %s=4 empty=0 ", name));
    assert_true(ended);
}

static void aligns(void **state)
{
    (void)state;
    for (uint64_t position = 0; position < 3 * 4096; position += 512)
        for (unsigned align = 512; align <= 8192; align *= 2)
            for (size_t n = 5; n < 240; n += 47) {
                RA_BUF_AUTO h = {0};
                char name[241] = {0};
                memset(name, 'x', n);
                ra_tar_put_header(&h, name, 9, position, align);
                assert_int_equal((position + h.len) % align, 0);
                ra_buf_adds(&h, "123456789");
                RA_BUF_AUTO names = {0};
                bool ended;
                memset(ra_buf_reserve(&h, 1527), 0, 1527);
                h.len += 1527;
                assert_int_equal(list(&h, &names, &ended), 0);
                assert_string_equal(ra_buf_str(&names), t_fmt("%s=9 ", name));
            }
}

static void large_sizes(void **state)
{
    (void)state;
    const uint64_t sizes[] = {((uint64_t)1 << 33) - 1, (uint64_t)1 << 33, (uint64_t)9 << 30,
                              (uint64_t)1 << 50};
    for (size_t i = 0; i < RA_COUNT(sizes); i++) {
        RA_BUF_AUTO tar = {0};
        struct reading r;
        struct ra_tar_member m;
        RA_ERR_AUTO err = {0};
        ra_tar_put_header(&tar, "big", sizes[i], 0, 0);
        start(&r, &tar);
        t_ok(ra_tar_next(r.tar, &m, &err), &err);
        assert_true(m.size == sizes[i]);
        t_fails(ra_tar_next(r.tar, &m, &err), RA_CORRUPT, &err);
        stop(&r);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *what, *size;
        char type;
        const char *data;
    } cases[] = {
        {"a size with letters", "00000000x00", '0', ""},
        {"a negative size", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", '0', ""},
        {"a size of 2^63", "\x80\0\0\0\x80", '0', ""},
        {"data that never comes", "00000010000", '0', "abc"},
        {"a pax header over 1 MiB", "00010000000", 'x', ""},
        {"a pax record without length", "00000000010", 'x', "path=a\n."},
        {"a pax record that is too long", "00000000010", 'x', "99 a=b\n."},
        {"a global pax path", "00000000013", 'g', "11 path=ab\n"},
        {"a pax size that is none", "00000000013", 'x', "11 size=-1\n"},
        {"a pax header with nothing behind it", "00000000014", 'x', "12 path=abc\n"},
    };
    for (size_t i = 0; i < RA_COUNT(cases); i++) {
        RA_BUF_AUTO tar = {0};
        RA_BUF_AUTO names = {0};
        bool ended;
        struct ra_tar_header *h = raw(&tar, cases[i].type, "m", "", "");
        memcpy(h->size, cases[i].size, i == 2 ? 5 : strlen(cases[i].size));
        seal(h);
        ra_buf_adds(&tar, cases[i].data);
        if (cases[i].data[0]) {
            size_t pad = ra_tar_padding(strlen(cases[i].data));
            if (i != 3) {
                memset(ra_buf_reserve(&tar, pad), 0, pad);
                tar.len += pad;
                ra_tar_put_end(&tar);
            }
        }
        int rc = list(&tar, &names, &ended);
        if (rc >= 0)
            fail_msg("%s was accepted as '%s'", cases[i].what, ra_buf_str(&names));
    }
}

static void an_empty_pax_path_says_nothing(void **state)
{
    (void)state;
    RA_BUF_AUTO tar = {0};
    RA_BUF_AUTO names = {0};
    bool ended;
    raw(&tar, 'x', "pax", "", "00000000020");
    ra_buf_adds(&tar, "8 path=\n8 path=\n");
    memset(ra_buf_reserve(&tar, 496), 0, 496);
    tar.len += 496;
    add(&tar, "name", "x");
    ra_tar_put_end(&tar);
    assert_int_equal(list(&tar, &names, &ended), 0);
    assert_string_equal(ra_buf_str(&names), "name=1 ");
}

static void refuses_a_wrong_checksum(void **state)
{
    (void)state;
    RA_BUF_AUTO tar = {0};
    RA_BUF_AUTO names = {0};
    bool ended;
    add(&tar, "one", "1");
    add(&tar, "two", "2");
    tar.data[1024] ^= 1;
    assert_int_equal(list(&tar, &names, &ended), -RA_CORRUPT);
}

static void tells_a_cut_from_an_end(void **state)
{
    (void)state;
    RA_BUF_AUTO tar = {0};
    bool ended;
    add(&tar, "one", "1");
    add(&tar, "two", "2");
    ra_tar_put_end(&tar);
    for (size_t n = 1; n <= tar.len; n++) {
        RA_BUF_AUTO part = {0};
        RA_BUF_AUTO names = {0};
        ra_buf_add(&part, tar.data, n);
        int rc = list(&part, &names, &ended);
        /* The last member's padding may be missing. */
        bool boundary = (n > 512 && n <= 1024) || (n > 1536 && n <= 2048);
        if (n > 2560)
            assert_true(ended || rc < 0);
        else if (n < 2560 && !boundary)
            assert_true(rc < 0);
        else if (boundary)
            assert_true(rc == 0 && !ended);
    }
}

static void reads_gnu_names(void **state)
{
    (void)state;
    RA_BUF_AUTO tar = {0};
    RA_BUF_AUTO names = {0};
    bool ended;
    struct ra_tar_header *h = raw(&tar, 'L', "././@LongLink", "", "00000000006");
    (void)h;
    ra_buf_add(&tar, "hello\0", 6);
    memset(ra_buf_reserve(&tar, 506), 0, 506);
    tar.len += 506;
    raw(&tar, '0', "short", "", "00000000000");
    ra_tar_put_end(&tar);
    assert_int_equal(list(&tar, &names, &ended), 0);
    assert_string_equal(ra_buf_str(&names), "hello=0 ");
}

/* --- members by name ---------------------------------------------------------------------------------------- */

static int open_members(const struct ra_buf *tar, struct ra_members **out, struct ra_err *err)
{
    return ra_members_open_tar(memory_file(tar), out, err);
}

static void finds_members(void **state)
{
    (void)state;
    RA_BUF_AUTO tar = {0};
    RA_BUF_AUTO text = {0};
    RA_AUTO_PTR(ra_members) m = NULL;
    RA_ERR_AUTO err = {0};
    raw(&tar, '2', "b/link", "../a/file", "0");
    raw(&tar, '1', "hard", "a/file", "0");
    raw(&tar, '2', "x", "y", "0");
    raw(&tar, '2', "y", "x", "0");
    raw(&tar, '2', "lost", "nowhere", "0");
    raw(&tar, '6', "fifo", "", "0");
    add(&tar, "./a//file", "content");
    ra_tar_put_end(&tar);
    t_ok(open_members(&tar, &m, &err), &err);
    t_ok(ra_members_get(m, "b/link", 100, &text, &err), &err);
    t_ok(ra_members_get(m, "./hard", 100, &text, &err), &err);
    assert_string_equal(ra_buf_str(&text), "contentcontent");
    t_fails(ra_members_get(m, "a/file", 3, &text, &err), RA_TOOBIG, &err);
    t_fails_with(ra_members_get(m, "x", 100, &text, &err), RA_CORRUPT, &err, "circles");
    t_fails_with(ra_members_get(m, "lost", 100, &text, &err), RA_CORRUPT, &err, "nowhere");
    t_fails(ra_members_get(m, "fifo", 100, &text, &err), RA_CORRUPT, &err);
    t_fails(ra_members_get(m, "none", 100, &text, &err), RA_NOTFOUND, &err);
    t_fails(ra_members_get(m, "../a/file", 100, &text, &err), RA_INVALID, &err);
}

static void refuses_members(void **state)
{
    (void)state;
    static const struct {
        char type;
        const char *name, *link;
    } cases[] = {
        {'0', "/etc/passwd", ""}, {'0', "a/../../b", ""},  {'0', "a\nb", ""},  {'0', "a\xff", ""},
        {'2', "l", "/etc"},       {'2', "a/l", "../../x"}, {'1', "h", "../x"}, {'2', "l", ""},
    };
    for (size_t i = 0; i < RA_COUNT(cases); i++) {
        RA_BUF_AUTO tar = {0};
        RA_AUTO_PTR(ra_members) m = NULL;
        RA_ERR_AUTO err = {0};
        raw(&tar, cases[i].type, cases[i].name, cases[i].link, "0");
        ra_tar_put_end(&tar);
        t_fails(open_members(&tar, &m, &err), RA_INVALID, &err);
    }
}

static void twins(void **state)
{
    (void)state;
    RA_BUF_AUTO same = {0};
    RA_BUF_AUTO other = {0};
    RA_AUTO_PTR(ra_members) m = NULL;
    RA_AUTO_PTR(ra_members) n = NULL;
    RA_ERR_AUTO err = {0};
    add(&same, "a", "x");
    add(&same, "a", "x");
    add(&other, "a", "x");
    add(&other, "a", "y");
    t_ok(open_members(&same, &m, &err), &err);
    assert_false(ra_members_ended(m));
    t_fails_with(open_members(&other, &n, &err), RA_INVALID, &err, "twice");
}

static void folders(void **state)
{
    (void)state;
    const char *dir = t_dir();
    RA_AUTO_PTR(ra_members) m = NULL;
    RA_BUF_AUTO text = {0};
    RA_ERR_AUTO err = {0};
    t_write(t_fmt("%s/in/sub/file", dir), "text");
    t_write(t_fmt("%s/secret", dir), "secret");
    assert_int_equal(symlink("sub/file", t_fmt("%s/in/link", dir)), 0);
    assert_int_equal(symlink("../secret", t_fmt("%s/in/out", dir)), 0);
    t_ok(ra_members_open_folder(t_fmt("%s/in", dir), &m, &err), &err);
    if (t_has_openat2()) {
        t_ok(ra_members_get(m, "link", 100, &text, &err), &err);
        assert_string_equal(ra_buf_str(&text), "text");
    } else
        t_fails_with(ra_members_get(m, "link", 100, &text, &err), RA_CORRUPT, &err, "no link is followed");
    t_fails_with(ra_members_get(m, "out", 100, &text, &err), RA_CORRUPT, &err, "out of the folder");
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* What is called by a digest is found by the name and by the digest's number, links to and from it included; a name
 * that only looks like one is a name like others. */
static void blobs(void **state)
{
    (void)state;
    RA_BUF_AUTO tar = {0};
    RA_BUF_AUTO text = {0};
    RA_AUTO_PTR(ra_members) m = NULL;
    RA_ERR_AUTO err = {0};
    struct ra_digest blob = {.alg = RA_SHA256}, link = {.alg = RA_SHA512}, other = {.alg = RA_SHA384};
    struct ra_found found;
    char space[RA_MEMBER_SPACE];
    assert_true(ra_digest_parse_hex(RA_SHA256, HEX, 64, &blob));
    assert_true(ra_digest_parse_hex(RA_SHA512, HEX HEX, 128, &link));
    raw(&tar, '2', "layer.tar", "blobs/sha256/" HEX, "0");
    add(&tar, "blobs/sha512/" HEX HEX, "long");
    raw(&tar, '1', "blobs/sha256/0" HEX, "blobs/sha256/x", "0");
    add(&tar, "./blobs/sha256/" HEX, "short");
    ra_tar_put_end(&tar);
    t_ok(open_members(&tar, &m, &err), &err);
    t_ok(ra_members_get(m, "layer.tar", 100, &text, &err), &err);
    t_ok(ra_members_get(m, "blobs//sha512/" HEX HEX, 100, &text, &err), &err);
    assert_string_equal(ra_buf_str(&text), "shortlong");
    t_fails_with(ra_members_get(m, "blobs/sha256/" HEX, 3, &text, &err), RA_TOOBIG, &err,
                 "'blobs/sha256/" HEX "'");
    t_fails_with(ra_members_get(m, "blobs/sha256/0" HEX, 9, &text, &err), RA_CORRUPT, &err,
                 "'blobs/sha256/x'");
    t_fails(ra_members_get(m, "blobs/sha384/" HEX, 100, &text, &err), RA_NOTFOUND, &err);
    assert_true(ra_members_has_below(m, "blobs/sha512") && !ra_members_has_below(m, "blobs/sha51"));

    struct ra_digest_set *digests = ra_members_digests(m);
    t_ok(ra_members_find_blob(m, ra_digest_set_find(digests, &link), &found, &err), &err);
    assert_string_equal(ra_member_name(m, found.index, space), "blobs/sha512/" HEX HEX);
    t_fails(ra_members_find_blob(m, ra_digest_set_add(digests, &other, NULL), &found, &err), RA_NOTFOUND,
            &err);
    t_ok(ra_members_find_blob(m, ra_digest_set_find(digests, &blob), &found, &err), &err);
    assert_int_equal(found.size, 5);
}

static void twins_of_blobs(void **state)
{
    (void)state;
    RA_BUF_AUTO tar = {0};
    RA_AUTO_PTR(ra_members) m = NULL;
    RA_ERR_AUTO err = {0};
    add(&tar, "blobs/sha256/" HEX, "one");
    add(&tar, "blobs/sha256/./" HEX, "two");
    t_fails_with(open_members(&tar, &m, &err), RA_INVALID, &err, "twice");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(aligns),
        cmocka_unit_test(large_sizes),
        cmocka_unit_test(refuses),
        cmocka_unit_test(an_empty_pax_path_says_nothing),
        cmocka_unit_test(refuses_a_wrong_checksum),
        cmocka_unit_test(tells_a_cut_from_an_end),
        cmocka_unit_test(reads_gnu_names),
        cmocka_unit_test(finds_members),
        cmocka_unit_test(refuses_members),
        cmocka_unit_test(twins),
        cmocka_unit_test(folders),
        cmocka_unit_test(blobs),
        cmocka_unit_test(twins_of_blobs),
    };
    return T_RUN(tests);
}
