/*
 * What the XML reader says of a document, in a line: for the unit tests and the fuzz target, which has no cmocka.
 */
#ifndef RA_TESTS_XMLLIB_H
#define RA_TESTS_XMLLIB_H

#include "format/xml.h"

/* Appends "path=text;" for each element that ends. Reads the document in pieces of `piece` bytes, or at once where that
 * is 0. What ra_xml_next returned last. */
int t_xml_events(const char *xml, size_t n, size_t piece, struct ra_buf *out, struct ra_err *err);

#endif
