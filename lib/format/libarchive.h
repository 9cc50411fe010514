/*
 * libarchive, loaded when the files in a layer are looked at for the first time: linked, it brings in ICU and libxml2
 * and doubles what every start of the program costs in time and memory. Private to lib/format.
 */
#ifndef RA_FORMAT_LIBARCHIVE_H
#define RA_FORMAT_LIBARCHIVE_H

#include "base/err.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

/* Each is a member of struct ra_libarchive by this name, of the type that the headers give to archive_NAME. */
#define RA_LIBARCHIVE_FUNCTIONS(X) \
    X(read_new)                    \
    X(read_free)                   \
    X(read_support_format_tar)     \
    X(read_support_format_empty)   \
    X(read_open)                   \
    X(read_next_header)            \
    X(read_data_skip)              \
    X(read_data_block)             \
    X(set_error)                   \
    X(error_string)                \
    X(entry_filetype)              \
    X(entry_pathname)              \
    X(entry_hardlink)              \
    X(entry_symlink)               \
    X(entry_perm)                  \
    X(entry_size)                  \
    X(entry_uid)                   \
    X(entry_gid)                   \
    X(entry_mtime)                 \
    X(entry_mtime_nsec)            \
    X(entry_mtime_is_set)

struct ra_libarchive {
#define RA_LIBARCHIVE_MEMBER(name) __typeof__(archive_##name) *name;
    RA_LIBARCHIVE_FUNCTIONS(RA_LIBARCHIVE_MEMBER)
#undef RA_LIBARCHIVE_MEMBER
    /* To be used around it: names in pax headers are UTF-8, whatever the user's locale. 0: there is none. */
    locale_t utf8;
};

/* For the life of the process; NULL with UNSUPPORTED when it cannot be loaded, saying what to install. */
const struct ra_libarchive *ra_libarchive_load(struct ra_err *err);

#endif
