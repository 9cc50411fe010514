#include "format/tar_header.h"

#include <string.h>

#define OCTAL_MAX ((uint64_t)077777777777) /* what the eleven digits of the size field can say */

/* "<length> key=value\n", where the length counts its own digits. */
static void put_record(struct ra_buf *out, const char *key, const char *value, size_t n)
{
    size_t rest = strlen(key) + n + 3, length = rest + 1;
    while (length < rest + (size_t)snprintf(NULL, 0, "%zu", length))
        length++;
    ra_buf_addf(out, "%zu %s=", length, key);
    ra_buf_add(out, value, n);
    ra_buf_addc(out, '\n');
}

/* A comment of exactly `length` bytes: every reader passes it over in silence. */
static void put_comment(struct ra_buf *out, size_t length)
{
    static const char word[] = "comment=";
    size_t start = out->len;
    ra_buf_addf(out, "%zu %s", length, word);
    memset(ra_buf_reserve(out, length), ' ', length);
    out->len = start + length - 1;
    ra_buf_addc(out, '\n');
}

static void seal(struct ra_tar_header *h)
{
    memcpy(h->magic, "ustar", 6);
    memcpy(h->version, "00", 2);
    memcpy(h->mode, "0000644", 8);
    memcpy(h->uid, "0000000", 8);
    memcpy(h->gid, "0000000", 8);
    memcpy(h->mtime, "00000000000", 12);
    memcpy(h->major, "0000000", 8);
    memcpy(h->minor, "0000000", 8);
    snprintf(h->checksum, sizeof(h->checksum), "%06o", ra_tar_checksum(h));
    h->checksum[7] = ' ';
}

/* Base-256 beside the pax record: readers that do not know pax find the size too. */
static void set_size(struct ra_tar_header *h, uint64_t size)
{
    char digits[24];
    if (size <= OCTAL_MAX) {
        snprintf(digits, sizeof(digits), "%011llo", (unsigned long long)size);
        memcpy(h->size, digits, sizeof(h->size));
        return;
    }
    h->size[0] = (char)0x80;
    for (unsigned i = 0; i < 8; i++)
        h->size[11 - i] = (char)(size >> (8 * i));
}

static void put_block(struct ra_buf *out, const char *name, char type, uint64_t size)
{
    struct ra_tar_header h = {.type = type};
    size_t n = strlen(name);
    memcpy(h.name, name, n < sizeof(h.name) ? n : sizeof(h.name));
    set_size(&h, size);
    seal(&h);
    ra_buf_add(out, &h, sizeof(h));
}

/* Bytes of pax records to have in front of the last header, so that what follows it is aligned. */
static size_t records_size(size_t records, uint64_t position, unsigned align)
{
    size_t size = records + ra_tar_padding(records);
    uint64_t data = position + RA_TAR_BLOCK;
    if (align == 0 || (records == 0 && data % align == 0))
        return size;
    if (size == 0)
        size = RA_TAR_BLOCK;
    size += (size_t)(-(data + RA_TAR_BLOCK + size) % align);
    /* The shortest comment takes a dozen bytes. */
    return size - records == 0 || size - records >= 16 ? size : size + align;
}

void ra_tar_put_header(struct ra_buf *out, const char *name, uint64_t size, uint64_t position, unsigned align)
{
    RA_BUF_AUTO records = {0};
    char digits[24];
    if (strlen(name) > sizeof(((struct ra_tar_header *)0)->name))
        put_record(&records, "path", name, strlen(name));
    if (size > OCTAL_MAX)
        put_record(&records, "size", digits,
                   (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)size));
    size_t total = records_size(records.len, position, align);
    if (align && total > records.len)
        put_comment(&records, total - records.len);
    if (records.len) {
        put_block(out, "pax", 'x', records.len);
        ra_buf_add(out, ra_buf_str(&records), records.len);
        memset(ra_buf_reserve(out, total - records.len + 1), 0, total - records.len + 1);
        out->len += total - records.len;
    }
    put_block(out, name, '0', size);
}

void ra_tar_put_end(struct ra_buf *out)
{
    memset(ra_buf_reserve(out, 2 * RA_TAR_BLOCK), 0, 2 * RA_TAR_BLOCK);
    out->len += 2 * RA_TAR_BLOCK;
}
