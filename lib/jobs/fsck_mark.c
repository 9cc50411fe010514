/* A finding and its fix are made in different places: its path, or its code and digest, lead from one to the other. */
#include "jobs/fsck_parts.h"

#include "base/str.h"
#include "registry/layout.h"

static const struct ra_fix *blob_fix(struct ra_fsck *f, const struct ra_digest *d)
{
    struct ra_fix key = {.kind = RA_FIX_QUARANTINE, .digest = *d};
    const struct ra_fix *fix = ra_fsck_fix_of(f, &key);
    key.kind = RA_FIX_REFILL;
    return fix ? fix : ra_fsck_fix_of(f, &key);
}

/* What is wrong with one thing may be said of another that leads to it. */
static const struct ra_fix *fix_by_code(struct ra_fsck *f, const struct ra_finding *finding)
{
    struct ra_fix key = {.kind = RA_FIX_REVISION_LINK, .repository = finding->repository};
    if (!finding->digest || !ra_digest_parse(finding->digest, strlen(finding->digest), &key.digest))
        return NULL;
    if (ra_streq(finding->code, "missing-revision-link"))
        return ra_fsck_fix_of(f, &key);
    bool dangling = ra_streq(finding->code, "dangling-tag") || ra_streq(finding->code, "dangling-revision");
    return dangling ? blob_fix(f, &key.digest) : NULL;
}

static const struct ra_fix *fix_by_path(struct ra_fsck *f, const struct ra_finding *finding)
{
    struct ra_key_parts parts;
    ra_key_parse(finding->path, &parts);
    if (parts.kind == RA_KEY_BLOB)
        return blob_fix(f, &parts.digest);
    bool tag = parts.kind == RA_KEY_TAG_CURRENT;
    if (!tag && parts.kind != RA_KEY_LAYER && parts.kind != RA_KEY_REVISION)
        return NULL;
    ra_auto_free char *repository = ra_strndup(parts.repo, parts.repo_len);
    ra_auto_free char *name = tag ? ra_strndup(parts.name, parts.name_len) : NULL;
    struct ra_fix key = {.repository = repository, .tag = name, .digest = parts.digest};
    key.kind = tag ? RA_FIX_TAG_LINK : parts.kind == RA_KEY_LAYER ? RA_FIX_LAYER_LINK : RA_FIX_REVISION_LINK;
    return ra_fsck_fix_of(f, &key);
}

/* What is no manifest is nothing amiss once no tag points to it. */
static const struct ra_fix *fix_of_target(struct ra_fsck *f, const struct ra_finding *finding)
{
    struct ra_digest digest;
    if (!ra_streq(finding->code, "bad-manifest") || !finding->digest ||
        !ra_digest_parse(finding->digest, strlen(finding->digest), &digest))
        return NULL;
    ra_vec_each (fix, &f->fixes)
        if (fix->misled && fix->action && ra_digest_eq(&fix->was, &digest))
            return fix;
    return NULL;
}

void ra_fsck_mark_mended(struct ra_fsck *f)
{
    ra_vec_each (finding, &f->job->findings->list) {
        if (ra_streq(finding->code, "not-repaired"))
            continue;
        const struct ra_fix *fix = fix_by_code(f, finding);
        if (!fix && finding->path)
            fix = fix_by_path(f, finding);
        if (!fix)
            fix = fix_of_target(f, finding);
        if (fix)
            finding->action = fix->action;
    }
}
