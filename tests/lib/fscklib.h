/*
 * Registries for the tests of fsck: a sound one in memory, each kind of damage with what fsck says about it, and fsck's
 * findings in short.
 */
#ifndef RA_TESTS_FSCKLIB_H
#define RA_TESTS_FSCKLIB_H

#include "lib/reglib.h"

#include "jobs/fsck.h"

struct t_fsck_tree {
    struct ra_store *s;
    struct ra_digest base, image, config, layer, index, children[2], untagged;
};

/* The same each time; s is the caller's to close. */
struct t_fsck_tree t_fsck_tree(void);
void t_fsck_put(struct ra_store *s, const struct ra_digest *d, const char *text);
void t_fsck_lose(struct ra_store *s, const struct ra_digest *d);

struct t_damage {
    void (*make)(struct t_fsck_tree *t);
    const char *name;
    const char *said, *quick; /* what t_fsck_check answers; quick NULL: the same */
};
extern const struct t_damage t_damages[]; /* ends with {0} */
/* Does the damage of that name. */
void t_damage(struct t_fsck_tree *t, const char *name);

struct t_fsck {
    struct ra_findings findings;
    struct ra_job job;
    struct ra_fsck *fsck;
};

int t_fsck_run(struct t_fsck *r, struct ra_store *s, const struct ra_fsck_opts *opts, struct ra_err *err);
void t_fsck_release(struct t_fsck *r);
/* "error corrupt-blob, note upload": one for each finding, sorted by path. */
const char *t_fsck_check(struct ra_store *s, bool quick);

#endif
