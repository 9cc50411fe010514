/*
 * The catalogue of a backup: the complete state of a storage, or of a part of it, and which of its blobs the archive
 * carries. Format and members are described in regadm-archive(5):
 *
 *     regadm/header.json     what this is, what it presupposes
 *     regadm/catalog.jsonl   the state, one object a line
 *     oci-layout, index.json, manifest.json    the same for other tools
 *     blobs/<alg>/<hex>      manifests, configs, layers
 *     regadm/end.json        that all of it is there
 *
 * One struct for both directions. Names and digests are numbers, since a registry has millions of links.
 */
#ifndef RA_REGISTRY_BACKUP_H
#define RA_REGISTRY_BACKUP_H

#include "base/buf.h"
#include "base/names.h"
#include "base/vec.h"
#include "format/digest.h"
#include "format/source.h"
#include "format/tar.h"

#define RA_BACKUP_HEADER  "regadm/header.json"
#define RA_BACKUP_CATALOG "regadm/catalog.jsonl"
#define RA_BACKUP_END     "regadm/end.json"
#define RA_BACKUP_FORMAT  "regadm-backup"
#define RA_BACKUP_VERSION 1
#define RA_BACKUP_ALIGN   4096
/* Smaller blobs are not aligned: copying them costs less than the gap. */
#define RA_BACKUP_ALIGN_FROM ((uint64_t)64 << 10)
/* Longest header, end record, and line of a catalogue. */
#define RA_BACKUP_JSON_MAX ((size_t)1 << 20)
#define RA_BACKUP_LINE_MAX ((size_t)64 << 10)

#define RA_BACKUP_BLOB_MAX (((int64_t)1 << 62) - 1)
struct ra_backup_blob { /* by the number of its digest */
    uint64_t size : 62;
    bool listed : 1; /* the catalogue has it; a digest that is only a subject has none */
    bool in : 1;     /* the archive carries it; else the receiver must have it */
};

struct ra_backup_tag { /* also a digest that a tag had before */
    uint32_t repo, name, digest;
};

struct ra_backup_rev {
    uint32_t repo, digest;
    uint32_t media_type; /* a name, or RA_NO_NAME */
    uint32_t subject;    /* a digest, or RA_NONE */
};

struct ra_backup_layer {
    uint32_t repo, digest;
};

enum ra_backup_kind { RA_BACKUP_FULL, RA_BACKUP_INCREMENT };

struct ra_backup { /* starts zeroed */
    /* the header */
    enum ra_backup_kind kind;
    bool selection;      /* a part of the storage only */
    uint64_t left_out;   /* tags that were there and, being damaged or unreadable, are not in it */
    bool verified;       /* every blob was hashed when the archive was made */
    char *created;       /* RFC 3339, or NULL */
    char *registry;      /* the registry's name for other tools, or NULL */
    struct ra_digest id; /* sha256 of the catalogue */
    RA_VEC(struct ra_digest) parents;
    /* the catalogue */
    struct ra_names names; /* of repositories, tags and media types */
    struct ra_digest_set digests;
    RA_VEC(struct ra_backup_blob) blobs;
    /* Of the data of blobs that are in, from that of the first one in the archive; NULL but when writing. */
    uint64_t *offsets;
    RA_VEC(uint32_t) repos;
    RA_VEC(struct ra_backup_tag) tags;
    RA_VEC(struct ra_backup_tag) history;
    RA_VEC(struct ra_backup_rev) revs;
    RA_VEC(struct ra_backup_layer) layers;
};
void ra_backup_release(struct ra_backup *b);
#define RA_BACKUP_AUTO RA_AUTO(ra_backup, _release)

/* Numbers for things, given now if they have none. */
uint32_t ra_backup_name(struct ra_backup *b, const char *name);
uint32_t ra_backup_digest(struct ra_backup *b, const struct ra_digest *d);

struct ra_backup_totals {
    uint64_t carried, bytes; /* blobs in the archive */
    uint64_t omitted, omitted_bytes;
};
void ra_backup_totals(const struct ra_backup *b, struct ra_backup_totals *out);

/* --- writing --- */

/* Puts everything into the catalogue's order and drops twins. The order of blobs stays: that is by digest, found anew
 * each time. */
void ra_backup_sort(struct ra_backup *b);
/* Writes the catalogue; b is sorted. The same state gives the same bytes. */
int ra_backup_write_catalog(const struct ra_backup *b, struct ra_sink to, struct ra_err *err);
/* Appends the header; b->id is known. */
void ra_backup_put_header(const struct ra_backup *b, struct ra_buf *out);

struct ra_backup_end {
    uint64_t members; /* before this one */
    uint64_t bytes;   /* of blobs */
    struct ra_digest catalog, index;
};
void ra_backup_put_end(const struct ra_backup_end *end, struct ra_buf *out);

/* --- reading --- */

/* UNSUPPORTED for a newer version, or one that must be understood and is not; CORRUPT. */
int ra_backup_parse_header(struct ra_backup *b, const void *bytes, size_t n, struct ra_err *err);
int ra_backup_parse_end(struct ra_backup_end *end, const void *bytes, size_t n, struct ra_err *err);

/* The catalogue as it comes, in pieces; b has its header. Names are not judged here but for their length. */
struct ra_backup_reader;
struct ra_backup_reader *ra_backup_reader_new(struct ra_backup *into);
int ra_backup_reader_write(struct ra_backup_reader *r, const void *p, size_t n, struct ra_err *err);
/* After the last piece. CORRUPT when it is not what the header says, or names things that it does not list. */
int ra_backup_reader_finish(struct ra_backup_reader *r, struct ra_err *err);
void ra_backup_reader_free(struct ra_backup_reader *r); /* NULL is fine */
RA_DEFINE_AUTO_PTR(ra_backup_reader, ra_backup_reader_free)

/* All that at once, from the member at which `tar` stands. */
int ra_backup_read_catalog(struct ra_backup *into, struct ra_tar *tar, struct ra_err *err);

/* The digest that "blobs/<alg>/<hex>" names. */
bool ra_backup_blob_name(const char *member, struct ra_digest *out);

#endif
