/* What the parts of a copy share: see copy.h. */
#ifndef RA_JOBS_COPY_PARTS_H
#define RA_JOBS_COPY_PARTS_H

#include "base/arena.h"
#include "base/names.h"
#include "jobs/copy.h"
#include "registry/layout.h"
#include "registry/put.h"

struct copy_blob {
    struct ra_digest digest;
    uint64_t size;
    bool bad;
};

enum copy_fate {
    COPY_FRESH, /* the destination has no such tag */
    COPY_MOVES,
    COPY_SAME,
    COPY_KEPT,     /* it points elsewhere, and stays */
    COPY_LEFT_OUT, /* its manifest stays behind */
};

struct copy_link {
    enum ra_key_kind kind;
    enum copy_fate fate;     /* of RA_KEY_TAG_CURRENT */
    struct ra_digest digest; /* of RA_KEY_TAG_CURRENT: once it was read */
    const char *key;         /* RA_KEY_TAG_CURRENT */
    const char *repo, *tag;
    bool bad;
};

struct copy_move {
    struct ra_copy_moved pub;
    bool stays; /* somebody wrote it since */
};

struct ra_copy {
    const struct ra_job *job;
    struct ra_store *to, *known; /* known: `to`, or the snapshot of it */
    struct ra_store *snapshot;   /* or NULL */
    bool replace;
    struct ra_copy_result out;
    struct ra_arena arena;
    const char *last_repo;          /* the one noted last: most keys of a repository come together */
    struct ra_names tags;           /* "repo/tag" of those that were found, by their numbers in links */
    RA_VEC(struct copy_blob) blobs; /* sorted once they are listed */
    RA_VEC(struct copy_link) links; /* first n_tags: RA_KEY_TAG_CURRENT */
    size_t n_tags;
    RA_VEC(struct copy_move) moves; /* sorted by repository and tag once all tags were looked at */
    pthread_mutex_t mutex;          /* guards the counts and the moves while threads are at work */
};

/* --- copy.c --- */

const struct copy_blob *ra_copy_find_blob(const struct ra_copy *c, const struct ra_digest *digest);

/* --- copy_tags.c --- */

/* What becomes of each tag, by what the destination's says. */
int ra_copy_look_at_tags(struct ra_copy *c, unsigned threads, struct ra_err *err);
/* The current link of the tag whose history this is. */
const struct copy_link *ra_copy_tag_of(const struct ra_copy *c, const struct copy_link *history);
/* Has `put` leave tags alone that somebody wrote since they were looked at, with a finding for each. */
void ra_copy_guard_tags(struct ra_copy *c, struct ra_put *put);
/* Forgets the moves that did not come about. */
void ra_copy_settle_moves(struct ra_copy *c);

#endif
