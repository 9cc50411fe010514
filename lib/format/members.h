/*
 * The members of a tar file, or the files of a folder, by their names: for archives whose table of contents
 * may stand anywhere, read in any order. Nothing is unpacked; a name is only ever looked up in the map.
 *
 * Refused when it is opened, with the member's name and the reason: absolute names, "..", control bytes, text
 * that is not UTF-8, links that lead out, two members of one name with different bytes, an archive that is
 * cut. "./" and "//" are smoothed. Links are followed in the map, eight at most. Devices, fifos and sparse
 * members are known by name, and fail when they are asked for.
 *
 * An archive may hold hundreds of thousands of members, nearly all of them called blobs/<alg>/<hex>: of such a name
 * the digest alone is kept.
 *
 * Threads: once opened, reading is safe from any number of them; ra_members_digests tells what is not.
 */
#ifndef RA_FORMAT_MEMBERS_H
#define RA_FORMAT_MEMBERS_H

#include "base/buf.h"
#include "base/err.h"
#include "format/digest.h"

#define RA_MEMBERS_MAX 1000000
#define RA_MEMBERS_TEXT_MAX \
    ((size_t)64 << 20) /* all names together, but for those that are kept as digests */

struct ra_members;
/* A tar file that can be read at any place. `fd` is taken over, also on failure. */
int ra_members_open_tar(int fd, struct ra_members **out, struct ra_err *err);
/* A folder and all below it; links inside it are followed, never out of it. */
int ra_members_open_folder(const char *path, struct ra_members **out, struct ra_err *err);
void ra_members_close(struct ra_members *m);
RA_DEFINE_AUTO_PTR(ra_members, ra_members_close)

/* Whether the end of the tar was marked; else it may be cut between two members. True for folders. */
bool ra_members_ended(const struct ra_members *m);
/* Whether bytes follow the end mark that no reader will look at. */
bool ra_members_trailing(const struct ra_members *m);

/* Something to read: a member, found through any links. */
struct ra_found {
    uint32_t index; /* of the member that holds the bytes */
    uint64_t size;
};
/* Its name: lent from m, or written into space. */
#define RA_MEMBER_SPACE (RA_DIGEST_TEXT + 8)
const char *ra_member_name(const struct ra_members *m, uint32_t index, char space[static RA_MEMBER_SPACE]);

/* NOTFOUND; INVALID for a name that climbs out; CORRUPT for a link that leads nowhere or in circles, for a
 * thing without bytes. Name is smoothed before. */
int ra_members_find(const struct ra_members *m, const char *name, struct ra_found *out, struct ra_err *err);
/* The digests that members are called by, "blobs/<alg>/<hex>". The owner of m may add to them, while nobody else reads
 * m: so one table does for what is in an archive and what is said of it. Adding makes no member. */
struct ra_digest_set *ra_members_digests(struct ra_members *m);
/* ra_members_find of the member that is called by that digest. */
int ra_members_find_blob(const struct ra_members *m, uint32_t number, struct ra_found *out,
                         struct ra_err *err);
/* Whether there is something of that name, or below it. */
bool ra_members_has_below(const struct ra_members *m, const char *folder);
/* The whole of it, appended. TOOBIG over limit, CORRUPT when it ends early. */
int ra_members_read(const struct ra_members *m, const struct ra_found *f, size_t limit, struct ra_buf *out,
                    struct ra_err *err);
/* find + read. */
int ra_members_get(const struct ra_members *m, const char *name, size_t limit, struct ra_buf *out,
                   struct ra_err *err);

/* The member's bytes piece by piece. */
struct ra_member_reader {
    int fd; /* its own, for folders; else lent */
    bool owns_fd;
    uint64_t at, left;
    const char *name;
    char space[RA_MEMBER_SPACE]; /* of the name */
};
int ra_member_open(const struct ra_members *m, const struct ra_found *f, struct ra_member_reader *out,
                   struct ra_err *err);
ssize_t ra_member_read(struct ra_member_reader *r, void *p, size_t n, struct ra_err *err);
void ra_member_reader_release(struct ra_member_reader *r);

#endif
