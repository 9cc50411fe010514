#include "lib/xmllib.h"

#include <assert.h>

static int read_events(struct ra_xml *x, struct ra_buf *out, struct ra_err *err)
{
    int rc;
    while ((rc = ra_xml_next(x, err)) > 0) {
        assert(*x->path && strlen(x->path) < sizeof(x->path));
        assert(x->text);
        ra_buf_addf(out, "%s=%s;", x->path, x->text);
    }
    return rc;
}

static int read_pieces(struct ra_xml *x, const char *xml, size_t n, size_t piece, struct ra_buf *out,
                       struct ra_err *err)
{
    int rc = 0;
    for (size_t at = 0; rc == 0 && at <= n; at += piece) {
        if (at + piece > n)
            ra_xml_end(x);
        ra_xml_feed(x, xml + at, n - at < piece ? n - at : piece);
        rc = read_events(x, out, err);
    }
    return rc;
}

int t_xml_events(const char *xml, size_t n, size_t piece, struct ra_buf *out, struct ra_err *err)
{
    struct ra_xml x;
    if (piece)
        ra_xml_begin(&x);
    else
        ra_xml_init(&x, xml, n);
    int rc = piece ? read_pieces(&x, xml, n, piece, out, err) : read_events(&x, out, err);
    ra_xml_release(&x);
    return rc;
}
