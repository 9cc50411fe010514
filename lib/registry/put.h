/*
 * The one place that writes things into a registry's tree, in the order that is safe to cut anywhere: blobs,
 * then layer links, then revision links, then tags (history first, the current link last), with a barrier of
 * durability between them. Whoever stops in between leaves garbage that the collector takes, never a name
 * without its bytes.
 *
 *     struct ra_put_blob *b;                          as many as wanted, from any threads
 *     ra_put_blob_open(store, &digest, size, &b, err);
 *     ra_put_blob_write(b, p, n, err); ...
 *     ra_put_blob_seal(b, &id, err);                  all bytes are there and are what the digest says
 *     ra_put_blob_publish(b, err);
 *
 *     struct ra_put *put = ra_put_new(store);         one thread
 *     ra_put_layer(put, "team/app", &id.digest); ra_put_revision(...); ra_put_tag(...);
 *     ra_put_finish(put, threads, &counts, err);
 *
 * What is there already and right is left alone, its times too. The caller holds the lock (store/store.h),
 * and has made sure that repository and tag names are legal (registry/reference.h).
 */
#ifndef RA_REGISTRY_PUT_H
#define RA_REGISTRY_PUT_H

#include "format/digest.h"
#include "store/store.h"

/* --- blobs -------------------------------------------------------------------------------------------------- */

struct ra_blob_id {
    struct ra_digest digest;
    uint64_t size;
};

/* Whether the blob is there with exactly that size; `size` UINT64_MAX: any. Its bytes are not read. 1, 0, or
 * negative on errors. *actual, which may be NULL, gets its size when one is there. */
int ra_put_has_blob(struct ra_store *s, const struct ra_digest *d, uint64_t size, uint64_t *actual,
                    struct ra_err *err);

struct ra_put_blob;
/* `want` NULL: sha256, named by its bytes. `size_hint` 0: unknown. Nothing is visible before publish.
 * `s` NULL: the bytes are only hashed and compared, for dry runs. */
int ra_put_blob_open(struct ra_store *s, const struct ra_digest *want, uint64_t size_hint,
                     struct ra_put_blob **out, struct ra_err *err);
int ra_put_blob_write(struct ra_put_blob *b, const void *p, size_t n, struct ra_err *err);
/* The same, and ra_hasher_update(other, q, m) beside it, which is faster than one after the other. */
int ra_put_blob_write_beside(struct ra_put_blob *b, const void *p, size_t n, struct ra_hasher *other,
                             const void *q, size_t m, struct ra_err *err);
/* Ends the writing. CORRUPT when the bytes are not what `want` says. */
int ra_put_blob_seal(struct ra_put_blob *b, struct ra_blob_id *out, struct ra_err *err);
/* Makes a sealed blob visible, durable at the latest with ra_put_finish. One of the same name and size that
 * is there already stays and counts as success; one of another size is damaged, and replaced. The object is
 * gone afterwards, on success and on failure. */
int ra_put_blob_publish(struct ra_put_blob *b, struct ra_err *err);
void ra_put_blob_abort(struct ra_put_blob *b); /* NULL is fine */
RA_DEFINE_AUTO_PTR(ra_put_blob, ra_put_blob_abort)

/* Bytes in memory, all steps at once. `out` may be NULL. */
int ra_put_bytes(struct ra_store *s, const void *p, size_t n, struct ra_blob_id *out, struct ra_err *err);
/* The whole content of a reader, whose digest the caller has just computed, shared on disk where the file
 * system can: UNSUPPORTED, and nothing done, where it cannot. */
int ra_put_clone(struct ra_store *s, const struct ra_reader *from, const struct ra_digest *d,
                 struct ra_err *err);
/* The same by a hard link: the blob and the file that is read are one from then on. */
int ra_put_link(struct ra_store *s, const struct ra_reader *from, const struct ra_digest *d,
                struct ra_err *err);

/* --- links and tags ----------------------------------------------------------------------------------------- */

struct ra_put_counts {
    uint64_t layer_links, revision_links, tags; /* written; those that were there do not count */
};

struct ra_put;
struct ra_put *ra_put_new(struct ra_store *s);
void ra_put_free(struct ra_put *p); /* NULL is fine; what was not finished is forgotten */
RA_DEFINE_AUTO_PTR(ra_put, ra_put_free)

/* To be called before anything is noted down: digests of this set are not copied, for who has most of them there. The
 * set stays as it is until `p` is gone. */
void ra_put_lend(struct ra_put *p, const struct ra_digest_set *digests);

/* Notes down what is to be written; strings are copied, twins are fine. */
void ra_put_layer(struct ra_put *p, const char *repo, const struct ra_digest *d);
void ra_put_revision(struct ra_put *p, const char *repo, const struct ra_digest *d);
/* The last digest given for a tag counts. */
void ra_put_tag(struct ra_put *p, const char *repo, const char *tag, const struct ra_digest *d);
/* Another digest that the tag had once (its history). */
void ra_put_tag_history(struct ra_put *p, const char *repo, const char *tag, const struct ra_digest *d);
/* Asked, from any thread, before the current link of a tag is written over another: `have` is what it holds. False
 * leaves the tag as it is. */
void ra_put_ask(struct ra_put *p,
                bool (*may)(void *arg, const char *repo, const char *tag, const struct ra_digest *have),
                void *arg);

/* Waits for the blobs to be durable, then writes all that was noted down, in order; it is empty afterwards.
 * `counts` may be NULL and is added to. On failure what was written so far stays: a prefix of the order
 * above. */
int ra_put_finish(struct ra_put *p, unsigned threads, struct ra_put_counts *counts, struct ra_err *err);

#endif
