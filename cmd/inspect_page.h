/* The page that `inspect` prints for people. */
#ifndef RA_CMD_INSPECT_PAGE_H
#define RA_CMD_INSPECT_PAGE_H

#include "jobs/inspect.h"

void ra_inspect_page(const struct ra_inspection *in, bool color, FILE *out);

#endif
