/*
 * The storage tree of the old Python registry (docker-registry 0.6 to 0.9.1), which had the API v1. Path by path:
 *
 *   images/<id>/json            the image's metadata as the client sent it
 *              /layer           its layer, normally a gzip'd tar
 *              /ancestry        JSON array: this id first, the base last
 *              /_checksum       sha256 of json, newline, layer, or a tarsum, in one of three notations; or missing
 *              /_inprogress     there while a push is under way; also after one that was cut off
 *   repositories/<ns>/<repo>/tag_<tag>      an id
 *                           /tag<tag>_json  what pushed it; also named tag_<x>_json for a tag "_<x>"
 *                           /_private       the repository was private
 *                           /_index_images  ids that were ever announced; json, _images_list: of no use here
 *
 * <repo> is percent-encoded, twice since 0.8.1. Ids are random: 64 hex digits, 16 in the oldest images. Nothing is
 * named by its content. This file: ids, names and small files. See v1image.h, v1tree.h, v1config.h.
 */
#ifndef RA_REGISTRY_V1_H
#define RA_REGISTRY_V1_H

#include "base/buf.h"
#include "format/digest.h"

/* --- ids and small files ------------------------------------------------------------------------------------ */

#define RA_V1_ID_MAX 64

/* 16 or 64 lower-case hex digits. */
bool ra_v1_id_valid(const char *s, size_t n);
/* The id in a tag's file; white space and quotes around it are forgiven. */
bool ra_v1_tag_parse(const char *bytes, size_t n, char id[static RA_V1_ID_MAX + 1]);
/* Whether the bytes are a JSON object: then the "tag" is what was pushed with another one. */
bool ra_v1_is_metadata(const char *bytes, size_t n);

struct ra_v1_checksum {
    bool has_simple, has_tarsum;
    struct ra_digest simple; /* sha256 of json, newline, layer; the last one that the file names */
    struct ra_digest tarsum; /* over the members of the archive (format/tarsum.h), of Docker before 0.10 */
};
/* What a _checksum file says: plain text (0.6), a JSON string, or a JSON array (0.7 and later). */
void ra_v1_checksum_parse(const char *bytes, size_t n, struct ra_v1_checksum *out);

/* --- names -------------------------------------------------------------------------------------------------- */

/* A name as it was pushed, from a folder or file name: '+' and %XX decoded, at most twice, until nothing changes.
 * malloc'd. What would decode to a NUL stays as it is. */
char *ra_v1_decode(const char *s, size_t n);
/* How often a name is encoded: 0, 1 or 2. Of two folders that mean the same repository, the one encoded more often is
 * the newer. */
unsigned ra_v1_encoded(const char *s, size_t n);
/* A repository name that the registry accepts and that looks like `name`: malloc'd, or NULL when nothing is left. */
char *ra_v1_suggest_name(const char *name);

/* The docker architecture for what an old image says ("x86_64" is "amd64"), with its variant ("" for none). What is
 * not known stays as it is. */
const char *ra_v1_architecture(const char *name, const char **variant);

#endif
