/* Any bytes through the XML reader: it ends, its paths nest, and what it calls a document stays one however it is cut. */
#include "format/xml.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_all(const char *bytes, size_t n, size_t *events)
{
    struct ra_xml x;
    int rc;
    *events = 0;
    ra_xml_init(&x, bytes, n);
    while ((rc = ra_xml_next(&x, NULL)) > 0) {
        assert(*x.path && strlen(x.path) < sizeof(x.path));
        assert(x.text);
        ++*events;
    }
    assert(rc == 0 || rc == -RA_CORRUPT);
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
    size_t events, fewer;
    if (read_all(bytes, size, &events) == 0) {
        assert(events > 0);
        const char *end = memrchr(bytes, '>', size);
        assert(end && read_all(bytes, (size_t)(end - bytes), &fewer) < 0);
    }
    round_trip(bytes, size);
    return 0;
}
