#include "format/tar.h"

#include "format/tar_header.h"

struct ra_tar {
    struct ra_tar_source from;
    uint64_t at;                 /* bytes of the stream consumed */
    uint64_t left;               /* of the current member's data */
    size_t padding;              /* behind it */
    uint64_t size;               /* of the current member, for messages */
    bool ended, over;            /* zero blocks were seen; no more members */
    struct ra_tar_header header; /* of the current member */
    struct ra_buf name, link;
    /* What extension headers said about the member that follows them. */
    struct ra_buf next_name, next_link, pax;
    bool has_name, has_link, has_size, has_pax, sparse;
    bool some; /* there was a member */
    uint64_t next_size;
};

struct ra_tar *ra_tar_open(const struct ra_tar_source *from)
{
    struct ra_tar *t = ra_new(struct ra_tar);
    t->from = *from;
    return t;
}

void ra_tar_close(struct ra_tar *t)
{
    if (!t)
        return;
    ra_buf_release(&t->name);
    ra_buf_release(&t->link);
    ra_buf_release(&t->next_name);
    ra_buf_release(&t->next_link);
    ra_buf_release(&t->pax);
    free(t);
}

bool ra_tar_ended(const struct ra_tar *t)
{
    return t->ended;
}

/* --- bytes ------------------------------------------------------------------------------------------ */

/* As many of n bytes as there are before the end of the stream. */
static ssize_t read_full(struct ra_tar *t, void *p, size_t n, struct ra_err *err)
{
    size_t got = 0;
    while (got < n) {
        ssize_t some = t->from.read(t->from.arg, (char *)p + got, n - got, err);
        if (some < 0)
            return some;
        if (some == 0)
            break;
        got += (size_t)some;
        t->at += (uint64_t)some;
    }
    return (ssize_t)got;
}

static int cut(const struct ra_tar *t, struct ra_err *err)
{
    return ra_fail(err, RA_CORRUPT,
                   "the archive is cut: it ends at byte %llu, inside member '%s' of %llu bytes",
                   (unsigned long long)t->at, ra_buf_str(&t->name), (unsigned long long)t->size);
}

static int pass_over(struct ra_tar *t, uint64_t n, struct ra_err *err)
{
    char drop[16384];
    if (n >= sizeof(drop) && t->from.skip) {
        int rc = t->from.skip(t->from.arg, n, err);
        if (rc == -RA_CORRUPT)
            return ra_err_clear(err), cut(t, err);
        t->at += n;
        return rc;
    }
    while (n > 0) {
        size_t want = n < sizeof(drop) ? (size_t)n : sizeof(drop);
        ssize_t got = read_full(t, drop, want, err);
        if (got < 0)
            return (int)got;
        if ((size_t)got < want)
            return cut(t, err);
        n -= want;
    }
    return 0;
}

ssize_t ra_tar_read(struct ra_tar *t, void *p, size_t n, struct ra_err *err)
{
    size_t want = n < t->left ? n : (size_t)t->left;
    if (want == 0)
        return 0;
    ssize_t got = t->from.read(t->from.arg, p, want, err);
    if (got < 0)
        return got;
    if (got == 0)
        return cut(t, err);
    t->at += (uint64_t)got;
    t->left -= (uint64_t)got;
    return got;
}

int ra_tar_read_all(struct ra_tar *t, size_t limit, struct ra_buf *out, struct ra_err *err)
{
    if (t->left > limit)
        return ra_fail(err, RA_TOOBIG, "member '%s' has %llu bytes, more than %zu", ra_buf_str(&t->name),
                       (unsigned long long)t->left, limit);
    while (t->left > 0) {
        /* A header may announce much that never comes: room is made for what does. */
        size_t room = t->left < 65536 ? (size_t)t->left : 65536;
        ssize_t got = ra_tar_read(t, ra_buf_reserve(out, room), room, err);
        if (got < 0)
            return (int)got;
        out->len += (size_t)got;
    }
    if (out->data)
        out->data[out->len] = '\0';
    return 0;
}

/* --- header fields ---------------------------------------------------------------------------------- */

unsigned ra_tar_checksum(const struct ra_tar_header *h)
{
    const unsigned char *p = (const unsigned char *)h;
    unsigned sum = ' ' * sizeof(h->checksum);
    for (size_t i = 0; i < RA_TAR_BLOCK; i++)
        if (i < offsetof(struct ra_tar_header, checksum) || i >= offsetof(struct ra_tar_header, type))
            sum += p[i];
    return sum;
}

/* Some old writers added signed bytes. */
static unsigned signed_checksum(const struct ra_tar_header *h)
{
    const signed char *p = (const signed char *)h;
    int sum = ' ' * (int)sizeof(h->checksum);
    for (size_t i = 0; i < RA_TAR_BLOCK; i++)
        if (i < offsetof(struct ra_tar_header, checksum) || i >= offsetof(struct ra_tar_header, type))
            sum += p[i];
    return (unsigned)sum;
}

/* Octal digits with blanks before, and blanks or NULs behind. */
static bool parse_octal(const char *p, size_t n, uint64_t *out)
{
    size_t i = 0;
    uint64_t value = 0;
    while (i < n && p[i] == ' ')
        i++;
    for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
        if (__builtin_mul_overflow(value, 8u, &value) || __builtin_add_overflow(value, p[i] - '0', &value))
            return false;
    for (; i < n; i++)
        if (p[i] != ' ' && p[i] != '\0')
            return false;
    *out = value;
    return true;
}

bool ra_tar_number(const char *p, size_t n, uint64_t *out)
{
    uint64_t value = 0;
    if (!((unsigned char)p[0] & 0x80))
        return parse_octal(p, n, out);
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)p[i];
        if (i == 0)
            byte &= 0x7f;
        if (value >> 55)
            return false;
        value = value << 8 | byte;
    }
    *out = value;
    return true;
}

static bool checksum_right(const struct ra_tar_header *h)
{
    uint64_t sum;
    return parse_octal(h->checksum, sizeof(h->checksum), &sum) &&
           (sum == ra_tar_checksum(h) || sum == signed_checksum(h));
}

static bool all_zero(const void *p, size_t n)
{
    const char *bytes = p;
    return n == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, n - 1) == 0);
}

/* --- extension headers ------------------------------------------------------------------------------ */

static bool set_text(struct ra_buf *to, const char *s, size_t n)
{
    ra_buf_clear(to);
    ra_buf_add(to, s, n);
    return n > 0;
}

static int take_pax_size(struct ra_tar *t, const char *value, size_t n, struct ra_err *err)
{
    uint64_t size = 0;
    for (size_t i = 0; i < n; i++)
        if (value[i] < '0' || value[i] > '9' || size > INT64_MAX / 10 - 1)
            return ra_fail(err, RA_CORRUPT, "a pax header gives a size that is no size");
        else
            size = size * 10 + (uint64_t)(value[i] - '0');
    t->next_size = size;
    t->has_size = n > 0;
    return 0;
}

static bool key_is(const char *key, size_t n, const char *want)
{
    return n == strlen(want) && memcmp(key, want, n) == 0;
}

/* An empty value takes back what was said before (POSIX). */
static int take_pax(struct ra_tar *t, bool global, const char *key, size_t key_len, const char *value,
                    size_t n, struct ra_err *err)
{
    bool path = key_is(key, key_len, "path"), link = key_is(key, key_len, "linkpath"),
         size = key_is(key, key_len, "size"), sparse = key_len > 10 && memcmp(key, "GNU.sparse", 10) == 0;
    /* One name or size for all members: no writer means it, and readers disagree on it. */
    if (global && (path || link || size || sparse))
        return ra_fail(err, RA_UNSUPPORTED, "a global pax header sets '%.*s'", (int)key_len, key);
    if (path)
        t->has_name = set_text(&t->next_name, value, n);
    if (link)
        t->has_link = set_text(&t->next_link, value, n);
    if (sparse)
        t->sparse = true;
    return size ? take_pax_size(t, value, n, err) : 0;
}

struct record { /* of a pax header */
    const char *key, *value;
    size_t key_len, len;
};

/* "<length> <key>=<value>\n": the length counts itself. 1; 0 at the end; -1 when it does not add up. */
static int next_record(const char **at, const char *end, struct record *out)
{
    size_t length = 0;
    const char *p = *at, *digit = p;
    if (p == end || !*p)
        return 0;
    for (; digit < end && *digit >= '0' && *digit <= '9' && length <= RA_TAR_EXTRA_MAX; digit++)
        length = length * 10 + (size_t)(*digit - '0');
    if (digit == p || digit == end || *digit != ' ' || length > (size_t)(end - p))
        return -1;
    const char *record_end = p + length - 1, *key = digit + 1;
    if (key >= record_end || *record_end != '\n')
        return -1;
    const char *equals = memchr(key, '=', (size_t)(record_end - key));
    if (!equals || equals == key)
        return -1;
    *out = (struct record){key, equals + 1, (size_t)(equals - key), (size_t)(record_end - equals - 1)};
    *at = record_end + 1;
    return 1;
}

static int parse_pax(struct ra_tar *t, const char *p, size_t n, bool global, struct ra_err *err)
{
    const char *end = p + n;
    struct record r;
    int more, rc = 0;
    while (rc == 0 && (more = next_record(&p, end, &r)) != 0)
        rc = more < 0 ? ra_fail(err, RA_CORRUPT, "a pax header does not add up")
                      : take_pax(t, global, r.key, r.key_len, r.value, r.len, err);
    if (rc == 0 && !global)
        t->has_pax = set_text(&t->pax, end - n, n);
    return rc;
}

const char *ra_tar_pax(const struct ra_tar_member *m, const char *key, size_t *len)
{
    const char *at = m->pax, *found = NULL;
    struct record r;
    while (next_record(&at, m->pax + m->pax_len, &r) > 0)
        if (key_is(r.key, r.key_len, key)) {
            found = r.value;
            *len = r.len;
        }
    return found;
}

static size_t text_len(const char *p, size_t n)
{
    const char *nul = memchr(p, '\0', n);
    return nul ? (size_t)(nul - p) : n;
}

/* A header that only says something about the next one. 1 when it was such. */
static int take_extension(struct ra_tar *t, const struct ra_tar_header *h, uint64_t size, struct ra_err *err)
{
    RA_BUF_AUTO body = {0};
    if (!memchr("xgLK", h->type, 4))
        return 0;
    if (size > RA_TAR_EXTRA_MAX)
        return ra_fail(err, RA_TOOBIG, "an extension header has %llu bytes, more than %zu",
                       (unsigned long long)size, RA_TAR_EXTRA_MAX);
    t->left = t->size = size;
    t->padding = ra_tar_padding(size);
    int rc = ra_tar_read_all(t, RA_TAR_EXTRA_MAX, &body, err);
    if (rc == 0)
        rc = pass_over(t, t->padding, err);
    t->padding = 0;
    if (rc < 0)
        return rc;
    const char *text = ra_buf_str(&body);
    if (h->type == 'L')
        t->has_name = set_text(&t->next_name, text, text_len(text, body.len));
    else if (h->type == 'K')
        t->has_link = set_text(&t->next_link, text, text_len(text, body.len));
    else if ((rc = parse_pax(t, text, body.len, h->type == 'g', err)) < 0)
        return rc;
    return 1;
}

/* --- members ---------------------------------------------------------------------------------------- */

static enum ra_tar_kind kind_of(const struct ra_tar *t, const struct ra_tar_header *h)
{
    switch (h->type) {
    case '\0':
    case '0':
    case '7':
        if (t->sparse)
            return RA_TAR_SPARSE;
        return t->name.len && t->name.data[t->name.len - 1] == '/' ? RA_TAR_FOLDER : RA_TAR_FILE;
    case '1':
        return RA_TAR_HARDLINK;
    case '2':
        return RA_TAR_SYMLINK;
    case '5':
        return RA_TAR_FOLDER;
    case 'S':
        return RA_TAR_SPARSE;
    default:
        return RA_TAR_SPECIAL;
    }
}

static void name_member(struct ra_tar *t, const struct ra_tar_header *h)
{
    ra_buf_clear(&t->name);
    ra_buf_clear(&t->link);
    if (t->has_name) {
        ra_buf_add(&t->name, ra_buf_str(&t->next_name), t->next_name.len);
    } else {
        /* GNU's magic "ustar  " keeps times where POSIX keeps the prefix. */
        if (memcmp(h->magic, "ustar", 6) == 0 && h->prefix[0]) {
            ra_buf_add(&t->name, h->prefix, text_len(h->prefix, sizeof(h->prefix)));
            ra_buf_addc(&t->name, '/');
        }
        ra_buf_add(&t->name, h->name, text_len(h->name, sizeof(h->name)));
    }
    if (t->has_link)
        ra_buf_add(&t->link, ra_buf_str(&t->next_link), t->next_link.len);
    else
        ra_buf_add(&t->link, h->link, text_len(h->link, sizeof(h->link)));
}

static void fill_member(struct ra_tar *t, const struct ra_tar_header *h, uint64_t size,
                        struct ra_tar_member *out)
{
    name_member(t, h);
    enum ra_tar_kind kind = kind_of(t, h);
    bool carries = kind == RA_TAR_FILE || kind == RA_TAR_SPARSE ||
                   (kind == RA_TAR_SPECIAL && !memchr("346", h->type, 3));
    t->left = t->size = !carries ? 0 : t->has_size ? t->next_size : size;
    t->padding = ra_tar_padding(t->left);
    *out = (struct ra_tar_member){
        .kind = kind,
        .name = ra_buf_str(&t->name),
        .name_len = t->name.len,
        .link = kind == RA_TAR_SYMLINK || kind == RA_TAR_HARDLINK ? ra_buf_str(&t->link) : "",
        .link_len = t->link.len,
        .size = kind == RA_TAR_FILE ? t->left : 0,
        .offset = t->at,
        .header = h,
        .pax = t->has_pax ? ra_buf_str(&t->pax) : "",
        .pax_len = t->has_pax ? t->pax.len : 0,
    };
    t->has_name = t->has_link = t->has_size = t->has_pax = t->sparse = false;
    t->some = true;
}

static int bad_header(const struct ra_tar *t, struct ra_err *err)
{
    if (t->at <= RA_TAR_BLOCK)
        return ra_fail(err, RA_UNSUPPORTED, "it does not begin like a tar archive");
    return ra_fail(err, RA_CORRUPT, "no tar header at byte %llu, behind member '%s'",
                   (unsigned long long)(t->at - RA_TAR_BLOCK), ra_buf_str(&t->name));
}

/* The next block that is a header: 1; 0 at the end of the archive. */
static int read_header(struct ra_tar *t, struct ra_tar_header *h, struct ra_err *err)
{
    ssize_t got = read_full(t, h, RA_TAR_BLOCK, err);
    if (got <= 0)
        return (int)got;
    if ((size_t)got < RA_TAR_BLOCK)
        return t->at < RA_TAR_BLOCK
                   ? bad_header(t, err)
                   : ra_fail(err, RA_CORRUPT, "the archive is cut inside a header, at byte %llu",
                             (unsigned long long)t->at);
    if (!all_zero(h, RA_TAR_BLOCK))
        return checksum_right(h) ? 1 : bad_header(t, err);
    t->ended = true;
    got = read_full(t, h, RA_TAR_BLOCK, err);
    if (got < 0 || all_zero(h, (size_t)got))
        return got < 0 ? (int)got : 0;
    return ra_fail(err, RA_CORRUPT, "a zero block stands between members at byte %llu",
                   (unsigned long long)t->at);
}

/* Some writers end with the last member's last byte; no reader misses the padding. */
static int pass_padding(struct ra_tar *t, struct ra_err *err)
{
    char drop[RA_TAR_BLOCK];
    ssize_t got = read_full(t, drop, t->padding, err);
    return got < 0 ? (int)got : 0;
}

/* GNU's own sparse files: more of the map follows the header, block by block, before the data does. Each says whether
 * another follows. */
static int pass_sparse_map(struct ra_tar *t, const struct ra_tar_header *h, struct ra_err *err)
{
    enum { MORE_IN_HEADER = 482, MORE_IN_BLOCK = 504 };
    char block[RA_TAR_BLOCK];
    bool more = h->type == 'S' && ((const char *)h)[MORE_IN_HEADER];
    while (more) {
        ssize_t got = read_full(t, block, sizeof(block), err);
        if (got < 0)
            return (int)got;
        if ((size_t)got < sizeof(block))
            return cut(t, err);
        more = block[MORE_IN_BLOCK];
    }
    return 0;
}

int ra_tar_next(struct ra_tar *t, struct ra_tar_member *out, struct ra_err *err)
{
    struct ra_tar_header *h = &t->header;
    uint64_t size;
    if (t->over)
        return 0;
    int rc = pass_over(t, t->left, err);
    if (rc == 0)
        rc = pass_padding(t, err);
    t->left = t->padding = 0;
    while (rc >= 0) {
        if ((rc = read_header(t, h, err)) <= 0)
            break;
        if (!ra_tar_number(h->size, sizeof(h->size), &size))
            return ra_fail(err, RA_CORRUPT, "the header at byte %llu gives a size that is no size",
                           (unsigned long long)(t->at - RA_TAR_BLOCK));
        if ((rc = take_extension(t, h, size, err)) == 0) {
            fill_member(t, h, size, out);
            rc = pass_sparse_map(t, h, err);
            return rc < 0 ? rc : 1;
        }
    }
    t->over = true;
    if (rc == 0 && (t->has_name || t->has_link || t->has_size))
        return ra_fail(err, RA_CORRUPT, "the archive is cut: an extension header has no member behind it");
    return rc;
}

int ra_tar_drain(struct ra_tar *t, struct ra_err *err)
{
    char block[16384];
    for (;;) {
        ssize_t got = read_full(t, block, sizeof(block), err);
        if (got <= 0)
            return (int)got;
        if (!all_zero(block, (size_t)got))
            return 1;
        if (!t->some && t->at > RA_TAR_ZEROS_MAX)
            return ra_fail(err, RA_UNSUPPORTED, "it begins with a megabyte of zeros, and is no archive");
    }
}
