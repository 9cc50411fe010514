/*
 * The registry's own configuration: config.yml with the REGISTRY_... environment laid over it, read as the
 * registry reads them (distribution, configuration package: parser.go, configuration.go). Only what says
 * where the storage is and how it may be treated is kept; the rest is not checked.
 *
 * Environment: variables that start with REGISTRY_, in byte order of their names, split at '_'; the value is
 * YAML; map keys match without case and are made in lower case when missing; whole-map forms replace
 * (REGISTRY_STORAGE='{filesystem: {rootdirectory: /x}}', REGISTRY_STORAGE=filesystem).
 * Below storage.maintenance the leaf form works in no registry and is ignored here, with a note in `ignored`.
 *
 * Nothing here reads the process's environment: it is handed in.
 */
#ifndef RA_REGISTRY_REGCONFIG_H
#define RA_REGISTRY_REGCONFIG_H

#include "base/arena.h"
#include "base/err.h"

#define RA_REGCONFIG_MAX  ((size_t)1 << 20)
#define RA_REGCONFIG_ROOT "/var/lib/registry" /* the filesystem driver's default */

struct ra_param {    /* "rootdirectory": "/data"; values as written: "true", "5242880"; "" for null */
    const char *key; /* as written; of nested maps and lists joined by dots: "list.0" */
    const char *value;
};

enum ra_regcache { RA_CACHE_NONE, RA_CACHE_INMEMORY, RA_CACHE_REDIS, RA_CACHE_OTHER };

struct ra_regconfig {   /* everything in it is owned by it; starts zeroed */
    const char *driver; /* "filesystem", "s3", "inmemory", ...: as configured, whether known or not */
    /* Of the filesystem driver; its default when not given. Else rootdirectory or "". */
    const char *root_directory;
    struct ra_param *params; /* of the driver, in the file's order */
    size_t n_params;
    enum ra_regcache cache;    /* storage.cache.blobdescriptor, or its old name layerinfo */
    bool delete_enabled;       /* storage.delete.enabled */
    bool read_only;            /* storage.maintenance.readonly.enabled */
    bool purge_enabled;        /* storage.maintenance.uploadpurging; default on, */
    int64_t purge_age;         /* 168 h; in nanoseconds */
    const char *htpasswd_path; /* auth.htpasswd.path, or NULL */
    const char *http_addr;     /* or NULL */
    const char *proxy_remote;  /* proxy.remoteurl: a pull-through cache; or NULL */
    /* Names of REGISTRY_ variables that had no effect where one is likely to be meant. */
    const char **ignored;
    size_t n_ignored;
    struct ra_arena arena; /* private */
};

/* Where a registry's configuration is when nobody says so: REGISTRY_CONFIGURATION_PATH, then
 * /etc/distribution/config.yml and /etc/docker/registry/config.yml; NULL when there is none. Lent from `env`. */
const char *ra_regconfig_find(const char *const *env);

/*
 * `path` may be NULL (environment only). `env` is a NULL-terminated list of NAME=value, or NULL for none.
 * Fails with NOTFOUND, DENIED, IO (the file), CORRUPT (not YAML), TOOBIG, INVALID: "unsupported version", "no
 * storage configuration provided", more than one driver; messages name the file or the variable.
 */
int ra_regconfig_load(const char *path, const char *const *env, struct ra_regconfig *out, struct ra_err *err);
/* The same from bytes; `name` is for messages. */
int ra_regconfig_parse(const char *name, const void *yaml, size_t n, const char *const *env,
                       struct ra_regconfig *out, struct ra_err *err);
void ra_regconfig_release(struct ra_regconfig *c);

/* A parameter's value, or NULL. */
const char *ra_regconfig_param(const struct ra_regconfig *c, const char *key);

#define RA_REGCONFIG_AUTO RA_AUTO(ra_regconfig, _release)

#endif
