/*
 * Finding the storage and opening it. The first that is given: `root`; `config`; REGADM_ROOT;
 * REGISTRY_CONFIGURATION_PATH; /etc/distribution/config.yml; /etc/docker/registry/config.yml;
 * REGISTRY_STORAGE_... alone; /var/lib/registry. A root is the registry's root directory or a folder on the
 * way from it to its docker/registry/v2; or a bucket, s3://bucket/prefix?region=..., see store/s3.h.
 */
#ifndef RA_REGISTRY_STORAGE_H
#define RA_REGISTRY_STORAGE_H

#include "registry/regconfig.h"
#include "store/store.h"

struct ra_storage_where {
    const char *root;       /* a path; or NULL */
    const char *root_name;  /* what gave it, for people: "SOURCE"; NULL: --root */
    const char *config;     /* a config.yml; or NULL */
    const char *const *env; /* the environment, NULL at the end; or NULL */
    bool follow;            /* symbolic links may lead out of the root */
    bool create;  /* a root that is not there is fine, or one that is empty but for an old registry */
    bool pretend; /* and nothing is made there: the storage is an empty one in memory */
};

struct ra_storage { /* starts zeroed */
    struct ra_store *store;
    struct ra_regconfig config;
    bool has_config;
    char *found_by; /* for people: "--root", "REGADM_ROOT", "/etc/docker/registry/config.yml", ... */
};

/* NOTFOUND, saying what was looked for, when there is no storage; EXISTS for a new one among other things;
 * UNSUPPORTED for a driver we have not; DENIED; and what ra_regconfig_load fails with. */
int ra_storage_open(const struct ra_storage_where *where, struct ra_storage *out, struct ra_err *err);
void ra_storage_release(struct ra_storage *s);

/* Whether a registry's metadata database owns the tree (GitLab), so that what is there is not all. 1, 0, negative. */
int ra_storage_is_owned(struct ra_store *store, struct ra_err *err);
/* BUSY when it is so: a writer must refuse. */
int ra_storage_check_owner(struct ra_store *store, struct ra_err *err);

#endif
