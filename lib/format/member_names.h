/* What members of an archive may be called, and links in it lead to. Private to lib/format/members.c. */
#ifndef RA_FORMAT_MEMBER_NAMES_H
#define RA_FORMAT_MEMBER_NAMES_H

#include "base/buf.h"
#include "base/err.h"

/* INVALID, with the name as it may be shown. */
int ra_member_refuse(const char *name, size_t n, const char *why, struct ra_err *err);
/* NULL, or what is wrong with the characters of a name. */
const char *ra_member_text_fault(const char *s, size_t n);
/* Appends the name as the map has it: "a/b", without "./", "//" and a trailing "/". NULL, or what is wrong. */
const char *ra_member_smooth(struct ra_buf *out, const char *name, size_t n);
/* Appends where a link leads: symlinks count from their own folder, hard links from the top. NULL, or what is wrong. */
const char *ra_member_link_target(struct ra_buf *out, const char *name, const char *link, size_t n,
                                  bool hard);

#endif
