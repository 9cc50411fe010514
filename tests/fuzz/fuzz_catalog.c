/* Any bytes as a backup's catalogue, header and end record. What is accepted is written again and read again alike. */
#include "registry/backup.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int to_buf(void *arg, const void *p, size_t n, struct ra_err *err RA_UNUSED)
{
    ra_buf_add(arg, p, n);
    return 0;
}

static int read_catalog(struct ra_backup *b, const void *p, size_t n)
{
    RA_AUTO_PTR(ra_backup_reader) r = ra_backup_reader_new(b);
    ra_digest_of(RA_SHA256, p, n, &b->id);
    int rc = ra_backup_reader_write(r, p, n / 2, NULL);
    if (rc == 0)
        rc = ra_backup_reader_write(r, (const char *)p + n / 2, n - n / 2, NULL);
    return rc < 0 ? rc : ra_backup_reader_finish(r, NULL);
}

static void again(struct ra_backup *b)
{
    RA_BACKUP_AUTO c = {0};
    RA_BUF_AUTO text = {0};
    RA_BUF_AUTO twice = {0};
    ra_backup_sort(b);
    assert(ra_backup_write_catalog(b, (struct ra_sink){to_buf, &text}, NULL) == 0);
    assert(read_catalog(&c, ra_buf_str(&text), text.len) == 0);
    ra_backup_sort(&c);
    assert(ra_backup_write_catalog(&c, (struct ra_sink){to_buf, &twice}, NULL) == 0);
    assert(text.len == twice.len && memcmp(ra_buf_str(&text), ra_buf_str(&twice), text.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RA_BACKUP_AUTO catalog = {0};
    RA_BACKUP_AUTO header = {0};
    struct ra_backup_end end;
    if (read_catalog(&catalog, data, size) == 0)
        again(&catalog);
    ra_backup_parse_header(&header, data, size, NULL);
    ra_backup_parse_end(&end, data, size, NULL);
    return 0;
}
