#include "jobs/fsck_parts.h"

#include "base/num.h"
#include "base/str.h"
#include "registry/layout.h"

/* Tags named in one finding; the rest is counted. */
#define NAMED 5

struct names {
    struct ra_buf text;
    size_t n;
};

struct blamed {
    uint32_t blob;
    struct names tags;
    struct names unlinked;  /* tags whose index names a manifest without revision link that needs it */
    const char *repository; /* one that needs it */
};

struct blame {
    struct ra_fsck *f;
    RA_VEC(struct blamed) list; /* sorted by number */
};

static int compare_blamed(const void *left, const void *right)
{
    uint32_t a = ((const struct blamed *)left)->blob, b = ((const struct blamed *)right)->blob;
    return a < b ? -1 : a > b;
}

static void collect(struct blame *b)
{
    for (unsigned part = 0; part < RA_BLOBS_PARTS; part++) {
        size_t n;
        ra_auto_free uint32_t *ids = ra_blobs_part(b->f->survey.blobs, part, RA_FSCK_BAD, 0, &n);
        for (size_t i = 0; i < n; i++)
            *ra_vec_push(&b->list) = (struct blamed){.blob = ids[i]};
    }
    if (b->list.n)
        qsort(b->list.at, b->list.n, sizeof(*b->list.at), compare_blamed);
}

static void add_tag(struct names *names, const struct ra_survey_repo *repo, const struct ra_survey_tag *tag)
{
    if (names->n++ < NAMED)
        ra_buf_addf(&names->text, "%s%s:%s", names->text.len ? ", " : "", repo->name, tag->name);
}

static void add_names(struct ra_buf *line, const struct names *names)
{
    ra_buf_addf(line, "%s", ra_buf_str(&names->text));
    if (names->n > NAMED)
        ra_buf_addf(line, " and %zu more", names->n - NAMED);
}

static struct blamed *find(struct blame *b, uint32_t blob)
{
    struct blamed wanted = {.blob = blob};
    return bsearch(&wanted, b->list.at, b->list.n, sizeof(*b->list.at), compare_blamed);
}

static void enter_unlinked(struct blame *b, struct ra_reach *reach, const struct ra_survey_repo *repo,
                           uint32_t blob)
{
    const struct ra_survey_manifest *m = ra_survey_manifest(&b->f->survey, blob);
    size_t n = 0;
    const uint32_t *child = m ? ra_survey_refs(m, RA_REF_CHILD, &n) : NULL;
    for (size_t i = 0; i < n; i++)
        if (ra_fsck_is_unlinked(b->f, repo, child[i]))
            ra_reach_enter(reach, child[i]);
}

static void blame_tag(struct blame *b, struct ra_reach *reach, const struct ra_survey_repo *repo,
                      const struct ra_survey_tag *tag)
{
    ra_reach_begin(reach, repo);
    ra_reach_enter(reach, tag->target);
    size_t n_linked = ra_reach_ids(reach)->n;
    for (size_t i = 0; i < ra_reach_ids(reach)->n; i++)
        enter_unlinked(b, reach, repo, ra_reach_ids(reach)->at[i]);
    const struct ra_ids *ids = ra_reach_ids(reach);
    for (size_t i = 0; i < ids->n; i++) {
        struct blamed *one = find(b, ids->at[i]);
        if (!one)
            continue;
        add_tag(i < n_linked ? &one->tags : &one->unlinked, repo, tag);
        one->repository = repo->name;
    }
}

static int blame_tags(struct blame *b, struct ra_err *err)
{
    RA_AUTO_PTR(ra_reach) reach = ra_reach_new(&b->f->survey);
    ra_vec_each (repo, &b->f->survey.repos)
        for (uint32_t t = 0; t < repo->n_tags; t++) {
            int rc = ra_check_cancelled(err);
            if (rc < 0)
                return rc;
            blame_tag(b, reach, repo, &repo->tags[t]);
        }
    return 0;
}

static const char *code_of(unsigned flags)
{
    return flags & RA_FSCK_CORRUPT   ? "corrupt-blob"
           : flags & RA_FSCK_MISSING ? "missing-blob"
                                     : "size-mismatch";
}

static void add_needs(struct ra_buf *line, const struct blamed *one, unsigned flags)
{
    if (one->tags.n) {
        ra_buf_adds(line, "needed by ");
        add_names(line, &one->tags);
    } else if (one->unlinked.n) {
        ra_buf_adds(line, "needed by a manifest without revision link that belongs to the index of ");
        add_names(line, &one->unlinked);
    } else {
        ra_buf_adds(line, flags & RA_FSCK_NEEDED ? "only untagged revisions need it" : "nothing needs it");
    }
}

static void report(struct blame *b, struct blamed *one)
{
    struct ra_fsck *f = b->f;
    struct ra_key key;
    struct ra_digest digest;
    unsigned flags = ra_blobs_flags(f->survey.blobs, one->blob);
    const char *what = flags & RA_FSCK_CORRUPT   ? "the blob's bytes are not what its digest says"
                       : flags & RA_FSCK_MISSING ? "the blob is not there"
                                                 : "the blob has another size than a manifest says";
    ra_fsck_digest(f, one->blob, &digest);
    struct ra_place at = {
        .path = ra_key_blob(&key, &digest), .repository = one->repository, .digest = &digest};
    RA_BUF_AUTO needs = {0};
    add_needs(&needs, one, flags);
    ra_find(f->job->findings, one->tags.n ? RA_ERROR : RA_WARNING, code_of(flags), &at, "%s; %s", what,
            ra_buf_str(&needs));
    struct ra_fix fix = {.kind = flags & RA_FSCK_CORRUPT ? RA_FIX_QUARANTINE : RA_FIX_REFILL,
                         .digest = digest};
    if (flags & (RA_FSCK_CORRUPT | RA_FSCK_MISSING))
        ra_fsck_add_fix(f, &fix);
}

int ra_fsck_blame(struct ra_fsck *f, struct ra_err *err)
{
    struct blame b = {.f = f};
    collect(&b);
    int rc = b.list.n ? blame_tags(&b, err) : 0;
    ra_vec_each (one, &b.list) {
        if (rc == 0)
            report(&b, one);
        ra_buf_release(&one->tags.text);
        ra_buf_release(&one->unlinked.text);
    }
    ra_vec_release(&b.list);
    return rc;
}
