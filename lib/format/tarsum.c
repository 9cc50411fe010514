#include "format/tarsum.h"

#include "base/num.h"
#include "base/vec.h"
#include "format/tar_header.h"

#include <inttypes.h>

struct sum { /* of one member */
    uint8_t bytes[32];
};

struct ra_tarsum {
    RA_VEC(struct sum) sums;
    struct ra_hasher *member;
    bool open, too_many;
};

struct ra_tarsum *ra_tarsum_new(void)
{
    struct ra_tarsum *s = ra_new(struct ra_tarsum);
    s->member = ra_hasher_new(RA_SHA256);
    return s;
}

void ra_tarsum_free(struct ra_tarsum *s)
{
    if (!s)
        return;
    ra_hasher_free(s->member);
    ra_vec_release(&s->sums);
    free(s);
}

static void end_member(struct ra_tarsum *s)
{
    struct ra_digest d;
    if (!s->open)
        return;
    ra_hasher_final(s->member, &d);
    ra_hasher_reset(s->member);
    s->open = false;
    s->too_many = s->sums.n == RA_TARSUM_MEMBERS_MAX;
    if (!s->too_many)
        memcpy(ra_vec_push(&s->sums)->bytes, d.bytes, sizeof(struct sum));
}

/* --- header fields ------------------------------------------------------------------------------------------ */

static bool has_owners(const struct ra_tar_header *h)
{
    return memcmp(h->magic, "ustar", 5) == 0;
}

/* A field of the header, or what the pax record `key` says instead; fractions of seconds do not count. */
static uint64_t number(const struct ra_tar_member *m, const char *key, const char *field, size_t n)
{
    uint64_t value;
    size_t len = 0;
    const char *record = key ? ra_tar_pax(m, key, &len) : NULL;
    if (!record)
        return ra_tar_number(field, n, &value) ? value : 0;
    const char *point = memchr(record, '.', len);
    ra_auto_free char *digits = ra_strndup(record, point ? (size_t)(point - record) : len);
    return ra_parse_u64(digits, &value) ? value : 0;
}

static void add_number(struct ra_buf *out, const char *name, uint64_t value)
{
    ra_buf_addf(out, "%s%" PRIu64, name, value);
}

static void add_owner(struct ra_buf *out, const struct ra_tar_member *m, const char *key, const char *field,
                      size_t n)
{
    size_t len = has_owners(m->header) ? strnlen(field, n) : 0;
    const char *record = ra_tar_pax(m, key, &len);
    ra_buf_adds(out, key);
    ra_buf_add(out, record ? record : field, len);
}

static void add_device(struct ra_buf *out, const struct ra_tar_header *h)
{
    bool device = has_owners(h) && (h->type == '3' || h->type == '4');
    uint64_t major = 0, minor = 0;
    if (device && !ra_tar_number(h->major, sizeof(h->major), &major))
        major = 0;
    if (device && !ra_tar_number(h->minor, sizeof(h->minor), &minor))
        minor = 0;
    add_number(out, "devmajor", major);
    add_number(out, "devminor", minor);
}

void ra_tarsum_member(struct ra_tarsum *s, const struct ra_tar_member *m)
{
    const struct ra_tar_header *h = m->header;
    RA_BUF_AUTO text = {0};
    end_member(s);
    ra_buf_adds(&text, "name");
    ra_buf_add(&text, m->name, m->name_len);
    if (m->kind == RA_TAR_FOLDER && m->name_len && m->name[m->name_len - 1] != '/')
        ra_buf_addc(&text, '/');
    add_number(&text, "mode", number(m, NULL, h->mode, sizeof(h->mode)));
    add_number(&text, "uid", number(m, "uid", h->uid, sizeof(h->uid)));
    add_number(&text, "gid", number(m, "gid", h->gid, sizeof(h->gid)));
    add_number(&text, "size", number(m, "size", h->size, sizeof(h->size)));
    add_number(&text, "mtime", number(m, "mtime", h->mtime, sizeof(h->mtime)));
    ra_buf_adds(&text, "typeflag");
    ra_buf_addc(&text, h->type);
    ra_buf_adds(&text, "linkname");
    ra_buf_add(&text, m->link, *m->link ? m->link_len : 0);
    add_owner(&text, m, "uname", h->owner, sizeof(h->owner));
    add_owner(&text, m, "gname", h->group, sizeof(h->group));
    add_device(&text, h);
    ra_hasher_update(s->member, text.data, text.len);
    s->open = true;
}

void ra_tarsum_data(struct ra_tarsum *s, const void *p, size_t n)
{
    ra_hasher_update(s->member, p, n);
}

/* --- the sum ------------------------------------------------------------------------------------------------ */

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct sum));
}

bool ra_tarsum_final(struct ra_tarsum *s, const void *text, size_t n, struct ra_digest *out)
{
    char hex[RA_DIGEST_TEXT];
    end_member(s);
    if (s->too_many)
        return false;
    if (s->sums.n)
        qsort(s->sums.at, s->sums.n, sizeof(struct sum), by_bytes);
    ra_hasher_update(s->member, text, n);
    ra_vec_each (sum, &s->sums) {
        struct ra_digest d = {.alg = RA_SHA256};
        memcpy(d.bytes, sum->bytes, sizeof(sum->bytes));
        ra_hasher_update(s->member, ra_digest_hex(&d, hex), 2 * sizeof(sum->bytes));
    }
    ra_hasher_final(s->member, out);
    return true;
}
