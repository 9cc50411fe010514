/*
 * What is in the tar of an image's layer, for looking: whatever tools have written (GNU, pax, star, old and sparse
 * ones), read by libarchive. tar.h, which is strict, is for archives of ours.
 *
 *     struct ra_layertar *t;
 *     ra_layertar_open(&source, &t, err);              plain or compressed: see format/decompress.h
 *     while ((rc = ra_layertar_next(t, &m, err)) > 0) ...;
 *
 * Names are given as they stand, "../" and leading slashes included; nothing is ever unpacked. Bounded memory whatever
 * the bytes say: the headers of one member may be RA_LAYERTAR_HEADERS long, sparse maps among them. Bounded time: the
 * whole tar may be RA_LAYERTAR_MAX long.
 *
 * Threads: a reader belongs to one thread at a time.
 */
#ifndef RA_FORMAT_LAYERTAR_H
#define RA_FORMAT_LAYERTAR_H

#include "format/source.h"

#define RA_LAYERTAR_HEADERS ((uint64_t)4 << 20)
#define RA_LAYERTAR_MAX     ((uint64_t)1 << 40)

enum ra_member_kind {
    RA_MEMBER_FILE,
    RA_MEMBER_FOLDER,
    RA_MEMBER_SYMLINK,
    RA_MEMBER_HARDLINK,
    RA_MEMBER_BLOCK,
    RA_MEMBER_CHARACTER,
    RA_MEMBER_FIFO,
    RA_MEMBER_OTHER,
};

struct ra_member { /* lent until the next call of ra_layertar_next */
    enum ra_member_kind kind;
    const char *name;
    const char *link; /* of links; else "" */
    uint64_t size;    /* of files; else 0 */
    uint32_t mode;    /* permission bits */
    int64_t uid, gid;
    int64_t mtime; /* nanoseconds; RA_TIME_NONE when the tar says none */
};

struct ra_layertar;
/* What `from`'s arg points to must live on. Not being a tar shows with the first member. */
int ra_layertar_open(const struct ra_source *from, struct ra_layertar **out, struct ra_err *err);
/* 1; 0: no more; CORRUPT "it is no tar archive", "damaged tar: ...", "the gzip stream is cut off"; TOOBIG; or the
 * source's own error as it is. After an error there is nothing more. */
int ra_layertar_next(struct ra_layertar *t, struct ra_member *out, struct ra_err *err);
/* Lends the next bytes of the current file, holes as zeroes: how many, 0 at its end. */
ssize_t ra_layertar_data(struct ra_layertar *t, const void **p, struct ra_err *err);
/* After the last member: reads what follows, so that the whole stream has been checked. */
int ra_layertar_drain(struct ra_layertar *t, struct ra_err *err);
void ra_layertar_close(struct ra_layertar *t);
RA_DEFINE_AUTO_PTR(ra_layertar, ra_layertar_close)

#endif
