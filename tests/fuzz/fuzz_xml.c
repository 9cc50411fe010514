/* Any bytes through the XML reader: it ends, its paths nest, what it calls a document is none when it is cut short, and
 * pieces of any size give the same as the whole. */
#include "format/xml.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_events(struct ra_xml *x, struct ra_buf *out)
{
    int rc;
    while ((rc = ra_xml_next(x, NULL)) > 0) {
        assert(*x->path && strlen(x->path) < sizeof(x->path));
        assert(x->text);
        ra_buf_addf(out, "%s=%s;", x->path, x->text);
    }
    assert(rc == 0 || rc == -RA_CORRUPT);
    return rc;
}

static int read_all(const char *bytes, size_t n, struct ra_buf *out)
{
    struct ra_xml x;
    ra_xml_init(&x, bytes, n);
    int rc = read_events(&x, out);
    ra_xml_release(&x);
    return rc;
}

static int read_pieces(const char *bytes, size_t n, size_t size, struct ra_buf *out)
{
    struct ra_xml x;
    int rc = 0;
    ra_xml_begin(&x);
    for (size_t at = 0; rc == 0 && at <= n; at += size) {
        if (at + size > n)
            ra_xml_end(&x);
        ra_xml_feed(&x, bytes + at, n - at < size ? n - at : size);
        rc = read_events(&x, out);
    }
    ra_xml_release(&x);
    return rc;
}

/* Text that was escaped is read back as it was. */
static void round_trip(const char *bytes, size_t n)
{
    RA_BUF_AUTO xml = {0};
    struct ra_xml x;
    ra_auto_free char *text = ra_strndup(bytes, n);
    ra_buf_adds(&xml, "<t>");
    ra_xml_escape(&xml, text);
    ra_buf_adds(&xml, "</t>");
    ra_xml_init(&x, xml.data, xml.len);
    if (ra_xml_next(&x, NULL) > 0)
        assert(strcmp(x.text, text) == 0);
    ra_xml_release(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    RA_BUF_AUTO whole = {0};
    RA_BUF_AUTO other = {0};
    int rc = read_all(bytes, size, &whole);
    if (rc == 0) {
        const char *end = memrchr(bytes, '>', size);
        assert(whole.len > 0 && end);
        assert(read_all(bytes, (size_t)(end - bytes), &other) < 0);
        ra_buf_clear(&other);
    }
    size_t piece = size ? 1 + data[size / 2] % 16 : 1;
    assert(read_pieces(bytes, size, size > 4096 ? 512 * piece : piece, &other) == rc);
    assert(strcmp(ra_buf_str(&whole), ra_buf_str(&other)) == 0);
    round_trip(bytes, size);
    return 0;
}
