/*
 * What a storage holds, in one piece, for a page, a program or a monitor: the figures of du, every tag with its image
 * taken apart, and what a quick check finds.
 *
 *     RA_REPORT_AUTO r = {0};
 *     int rc = ra_report_read(job, &opts, &r, err);
 *     ra_report_html(&page, &r);      or ra_report_json, ra_report_metrics
 *
 * All three are functions of the report alone: the same storage gives the same bytes, whatever the number of threads.
 * Whatever the storage says is text in them, never markup.
 */
#ifndef RA_JOBS_REPORT_H
#define RA_JOBS_REPORT_H

#include "base/jsonw.h"
#include "jobs/du.h"
#include "registry/fields.h"

struct ra_report_opts {
    int64_t min_age;  /* as in du: what is younger is not reclaimable */
    bool check;       /* add what a quick fsck finds */
    int64_t made;     /* the time that it bears */
    const char *name; /* of the registry, as clients call it: "registry.example.com:5000"; NULL: not known */
};

struct ra_report_layer {
    struct ra_digest digest;
    uint64_t bytes; /* as the descriptor says */
    const char *media_type;
};

/* A line of the history: what made a layer, or only changed the config. */
struct ra_report_step {
    const char *text;
    bool empty;
};

/* A manifest: what a tag points to, a child of such, or a referrer. Strings are "" when not known. */
struct ra_report_image {
    uint32_t blob; /* its number in the survey */
    bool tagged;   /* a tag points to it: `bytes` and `platforms` are those of the tag */
    struct ra_digest digest;
    const char *kind;
    const char *media_type, *artifact_type;
    uint64_t manifest_bytes, config_bytes; /* its own */
    uint64_t bytes;                        /* with all that it leads to, each blob once, as in tags */
    int64_t created;
    const char *platform;        /* of its config */
    struct ra_strings platforms; /* of an index: of all below it */
    struct {
        struct ra_report_layer *at;
        size_t n, cap;
    } layers;
    struct {
        struct ra_report_step *at;
        size_t n, cap;
    } history;
    struct ra_annotations labels; /* of the config, and the manifest's annotations */
    RA_VEC(uint32_t) children;    /* places in `images`; as the next */
    RA_VEC(uint32_t) referrers;   /* signatures and attestations of it, in any repository */
};

struct ra_report_repo { /* beside du.repos */
    uint32_t tags, revisions;
    int64_t updated; /* when a tag was last written; RA_TIME_NONE */
};

struct ra_report_tag {
    uint32_t repo;  /* place in `repos` */
    uint32_t image; /* place in `images`; RA_NONE when its link is damaged */
    const char *name;
    int64_t updated;
    uint64_t unique_bytes; /* that no other tag of the storage needs */
};

struct ra_report { /* starts zeroed */
    struct ra_report_opts opts;
    const char *where; /* the storage; lent from it */
    struct ra_du du;
    RA_VEC(struct ra_report_repo) repos;
    RA_VEC(struct ra_report_tag) tags; /* by repository, most bytes first, and by name */
    RA_VEC(struct ra_report_image) images;
    const struct ra_findings *findings; /* the job's, sorted */
    struct ra_arena *arenas;            /* private */
    size_t n_arenas;
};

/* Reads it all; findings go to job->findings, and must live as long as *out. */
int ra_report_read(const struct ra_job *job, const struct ra_report_opts *opts, struct ra_report *out,
                   struct ra_err *err);
void ra_report_release(struct ra_report *r);
#define RA_REPORT_AUTO RA_AUTO(ra_report, _release)

/* The members of an object that the caller has begun, and will end. Compact: rows are arrays, whose columns the member
 * `columns` names; strings, blobs and images are places in tables. */
void ra_report_json(struct ra_jsonw *w, const struct ra_report *r);
/* A whole page, appended. */
void ra_report_html(struct ra_buf *out, const struct ra_report *r);
/* The figures in Prometheus' text format, appended. */
void ra_report_metrics(struct ra_buf *out, const struct ra_report *r);

#endif
