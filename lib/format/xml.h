/*
 * A strict pull reader for the small XML documents that S3 servers answer with. It stops at the end of each
 * element and gives the element's path and its text, which is all those answers need: no attributes (their
 * syntax is checked), no namespaces, no mixed content.
 *
 *     struct ra_xml x;
 *     ra_xml_init(&x, bytes, n);
 *     while ((rc = ra_xml_next(&x, err)) > 0)
 *         if (strcmp(x.path, "ListBucketResult/Contents/Key") == 0)
 *             use(x.text);
 *     ra_xml_release(&x);
 *
 * A document that comes in pieces, cut anywhere, is never kept whole:
 *
 *     ra_xml_begin(&x);
 *     for each piece: ra_xml_feed(&x, bytes, n), and the loop above
 *     ra_xml_end(&x), and the loop once more
 *
 * A document that ends too early, or goes on after its root, is an error: a cut answer is never taken for a
 * short one. Document type declarations, processing instructions, CDATA sections and entities other than the
 * five of XML itself are errors as well; so are names over 64 bytes, more than 16 levels, and tags and comments over
 * 64 KiB.
 */
#ifndef RA_FORMAT_XML_H
#define RA_FORMAT_XML_H

#include "base/buf.h"
#include "base/err.h"

#define RA_XML_DEPTH 16
#define RA_XML_NAME  64
#define RA_XML_TAG   ((size_t)64 << 10)

struct ra_xml {
    char path[RA_XML_DEPTH * (RA_XML_NAME + 1)]; /* of the element that just ended: "Root/Child" */
    const char *text; /* its text, or "" when it has elements inside; until the next call */

    /* private */
    const char *start, *at, *end;
    struct ra_buf buf;
    struct ra_buf held; /* of what was fed: the last piece, and what was not read of those before */
    size_t passed;      /* bytes before `start` */
    size_t path_len;
    unsigned depth;
    bool leaf;      /* no element has ended inside the open one */
    bool begun;     /* the root was seen */
    bool ended;     /* the last event ended an element that path still names */
    bool last;      /* nothing comes behind `end` */
    bool self_done; /* an empty element, <a/>, is to be ended before reading on */
};

/* A whole document; the bytes are lent until the release. */
void ra_xml_init(struct ra_xml *x, const char *bytes, size_t n);
/* One in pieces. Each is copied, once what was fed before has been read: ra_xml_next has returned 0. */
void ra_xml_begin(struct ra_xml *x);
void ra_xml_feed(struct ra_xml *x, const char *bytes, size_t n);
void ra_xml_end(struct ra_xml *x);
void ra_xml_release(struct ra_xml *x);
/* 1: an element ended; 0: so did the document, or, before ra_xml_end, what was fed of it; -RA_CORRUPT: it is none, the
 * message says where. */
int ra_xml_next(struct ra_xml *x, struct ra_err *err);

/* Appends text with the characters escaped that mean something in XML. */
void ra_xml_escape(struct ra_buf *out, const char *text);

#endif
