/*
 * The config of a container image (Docker schema 2 and OCI image config; also the v1Compatibility JSON of
 * schema 1 and the v1 image JSON, which have the same members). Never fatal on odd types: what is not
 * understood is absent; member names match without case, as in Go. Limit: RA_IMAGECONFIG_MAX bytes.
 */
#ifndef RA_REGISTRY_IMAGECONFIG_H
#define RA_REGISTRY_IMAGECONFIG_H

#include "base/clock.h"
#include "registry/manifest.h"

#define RA_IMAGECONFIG_MAX ((size_t)8 << 20)
#define RA_HISTORY_MAX     65536 /* what follows is left out */

struct ra_history {
    const char *created; /* text; strings here are "" when absent */
    const char *created_by;
    const char *author;
    const char *comment;
    bool empty_layer;
};

struct ra_healthcheck {
    struct ra_strings test; /* ["NONE"], ["CMD", ...] or ["CMD-SHELL", one]; empty: none is set */
    int64_t interval_ns, timeout_ns, start_period_ns, retries; /* 0: inherited */
};

struct ra_imageconfig { /* everything in it is owned by it; starts zeroed; strings are "" when absent */
    int64_t created;    /* RA_TIME_NONE when absent or not understood */
    const char *created_text;
    struct ra_platform platform;
    const char *author;
    const char *docker_version;
    /* config.* */
    const char *user, *working_dir, *stop_signal;
    struct ra_strings env, entrypoint, cmd, shell,
        on_build;                             /* entrypoint and cmd: a bare string counts as one word */
    struct ra_strings exposed_ports, volumes; /* the keys, in document order */
    struct ra_annotations labels;
    struct ra_healthcheck healthcheck;
    /* rootfs.diff_ids as written, base first */
    struct ra_strings diff_ids;
    struct {
        struct ra_history *at;
        size_t n, cap;
    } history;
    struct ra_arena arena; /* private */
};

/* Fills c (released first). CORRUPT when the bytes are no JSON object, TOOBIG over a limit; c is then empty. */
int ra_imageconfig_parse(struct ra_imageconfig *c, const void *bytes, size_t n, struct ra_err *err);
void ra_imageconfig_release(struct ra_imageconfig *c);

#define RA_IMAGECONFIG_AUTO RA_AUTO(ra_imageconfig, _release)

#endif
