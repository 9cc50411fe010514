/* Any bytes through the XML reader: it ends, its paths nest, what it calls a document is none when it is cut short, and
 * pieces of any size give the same as the whole. */
#include "lib/xmllib.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    int rc = t_xml_events(bytes, size, 0, &whole, NULL);
    assert(rc == 0 || rc == -RA_CORRUPT);
    if (rc == 0) {
        const char *end = memrchr(bytes, '>', size);
        assert(whole.len > 0 && end);
        assert(t_xml_events(bytes, (size_t)(end - bytes), 0, &other, NULL) == -RA_CORRUPT);
        ra_buf_clear(&other);
    }
    size_t piece = (size ? 1 + data[size / 2] % 16 : 1) * (size > 4096 ? 512 : 1);
    assert(t_xml_events(bytes, size, piece, &other, NULL) == rc);
    assert(strcmp(ra_buf_str(&whole), ra_buf_str(&other)) == 0);
    round_trip(bytes, size);
    return 0;
}
