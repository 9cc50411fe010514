/*
 * Everything that lies below docker/registry/v2, file by file: what is no part of the layout, what a crash left behind,
 * what belongs to somebody else, and the links that the survey takes by their paths alone.
 */
#include "jobs/fsck_parts.h"

#include "base/num.h"
#include "base/str.h"
#include "registry/layout.h"
#include "registry/read.h"
#include "store/walk.h"

/* Things that may be wrong with thousands of files at once: counted, with the first path as an example. */
struct tally {
    uint64_t n;
    char *example;
};

struct tree {
    struct ra_fsck *f;
    struct ra_stat top; /* whose owner everything else should have */
    bool owners;
    struct tally owner, mode;
    struct ra_list_opts level, deep;
};

static void count(struct tree *t, struct tally *tally, const char *path)
{
    RA_LOCKED(&t->f->mutex);
    tally->n++;
    if (tally->example && strcmp(tally->example, path) <= 0)
        return;
    free(tally->example);
    tally->example = ra_strdup(path);
}

static void check_owner(struct tree *t, const char *path, const struct ra_stat *st)
{
    if (!t->owners)
        return;
    if (st->uid != t->top.uid || st->gid != t->top.gid)
        count(t, &t->owner, path);
    if ((st->mode & 0600) != 0600)
        count(t, &t->mode, path);
}

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void judge_foreign(struct tree *t, const char *path)
{
    struct ra_place at = {.path = path};
    struct ra_findings *findings = t->f->job->findings;
    const char *name = last_component(path);
    if (ra_key_is_leftover(name))
        ra_find(findings, RA_NOTE, "leftover", &at, "a temporary file that a registry left behind");
    else if (strstr(path, "/_layers/tarsum/") ||
             (strstr(path, "/_manifests/revisions/") && strstr(path, "/signatures/")))
        ra_find(findings, RA_NOTE, "legacy-file", &at,
                "written by a registry before 2.4, of no use to later ones");
    else if (ra_starts_with(path, RA_BLOBS) && ra_streq(name, "data"))
        ra_find(findings, RA_WARNING, "wrong-folder", &at,
                "blob data where no digest leads: the registry's own collector fails on it");
    else
        ra_find(findings, RA_NOTE, "foreign-file", &at, "no part of the layout");
}

/* --- links that the survey does not read ----------------------------------------------------------- */

static unsigned blob_flags(struct tree *t, const struct ra_digest *d)
{
    uint32_t id = ra_blobs_find(t->f->survey.blobs, d);
    return id == RA_NONE ? 0 : ra_blobs_flags(t->f->survey.blobs, id);
}

/* The repository's name as the survey has it, so that it lives as long as the fix. */
static const char *lasting_name(const struct tree *t, const struct ra_key_parts *parts)
{
    ra_auto_free char *name = ra_strndup(parts->repo, parts->repo_len);
    const struct ra_survey_repo *repo = ra_survey_find(&t->f->survey, name);
    return repo ? repo->name : NULL;
}

static void judge_link(struct tree *t, const char *path, const struct ra_key_parts *parts)
{
    struct ra_digest held;
    RA_ERR_AUTO err = {0};
    struct ra_findings *findings = t->f->job->findings;
    struct ra_place at = {.path = path, .repository = lasting_name(t, parts), .digest = &parts->digest};
    int rc = ra_link_read(t->f->job->store, path, &held, NULL, &err);
    bool layer = parts->kind == RA_KEY_LAYER;
    /* A blob pushed by another algorithm's digest is kept by its sha256: its alias says so. */
    bool alias = rc == 0 && layer && parts->digest.alg != RA_SHA256 && held.alg == RA_SHA256;
    if (rc == 0 && (alias || ra_digest_eq(&held, &parts->digest))) {
        if (layer &&
            !((blob_flags(t, &held) | blob_flags(t, &parts->digest)) & (RA_BLOB_PRESENT | RA_FSCK_NEEDED)))
            ra_find(findings, RA_NOTE, "dangling-layer-link", &at,
                    "a layer link to a blob that is not there and that nothing needs");
        return;
    }
    if (rc == 0) {
        ra_find(findings, RA_WARNING, "link-mismatch", &at, "the link names another digest than its path");
        return;
    }
    if (rc == -RA_NOTFOUND)
        return;
    bool harmless = rc == -RA_CORRUPT && !(layer && blob_flags(t, &parts->digest) & RA_FSCK_TAGGED);
    ra_find_failed_read(findings, harmless ? RA_WARNING : RA_ERROR, "bad-link", &at, NULL, &err);
    if (rc == -RA_CORRUPT && layer && at.repository && blob_flags(t, &parts->digest) & RA_BLOB_PRESENT)
        ra_fsck_add_fix(t->f, &(struct ra_fix){.kind = RA_FIX_LAYER_LINK,
                                               .repository = at.repository,
                                               .digest = parts->digest});
}

/* --- walking ----------------------------------------------------------- */

/* The survey complains where a repository may be behind such a thing; once is enough. */
static bool is_reported(struct tree *t, const char *path)
{
    RA_LOCKED(&t->f->job->findings->mutex);
    ra_vec_each (f, &t->f->job->findings->list)
        if (f->path && ra_streq(f->path, path))
            return true;
    return false;
}

static void judge(struct tree *t, const char *path, const struct ra_stat *st)
{
    struct ra_key_parts parts;
    struct ra_place at = {.path = path};
    if (st->kind == RA_OTHER && is_reported(t, path))
        return;
    if (st->kind == RA_OTHER) {
        ra_find(t->f->job->findings, RA_WARNING, "odd-file", &at,
                "a device, socket, fifo, or a symbolic link that leads nowhere or out of the root: never "
                "read, never removed");
        return;
    }
    if (t->owners && st->link)
        ra_find(t->f->job->findings, RA_NOTE, "symlink", &at, "a symbolic link");
    check_owner(t, path, st);
    if (st->kind == RA_PREFIX)
        return;
    ra_key_parse(path, &parts);
    if (parts.kind == RA_KEY_FOREIGN)
        judge_foreign(t, path);
    else if (parts.kind == RA_KEY_LAYER || parts.kind == RA_KEY_TAG_HISTORY)
        judge_link(t, path, &parts);
}

/* Level by level down to what is many: a blob shard, or a repository's own folders. */
static bool is_deep(const char *path)
{
    unsigned slashes = 0;
    if (ra_starts_with(path, RA_REPOSITORIES))
        return *last_component(path) == '_';
    for (const char *p = path + strlen(RA_V2); *p; p++)
        slashes += *p == '/';
    return !ra_starts_with(path, RA_BLOBS) || slashes >= 2;
}

static int on_page(void *ctx, struct ra_walk *w, const struct ra_walk_item *item, const struct ra_page *page,
                   unsigned worker, struct ra_err *err)
{
    struct tree *t = ctx;
    RA_BUF_AUTO path = {0};
    (void)worker;
    for (size_t i = 0; i < page->n; i++) {
        const struct ra_entry *e = &page->at[i];
        ra_buf_clear(&path);
        ra_buf_addf(&path, "%s%s", item->prefix, e->name);
        if (ra_starts_with(path.data, RA_OURS) || ra_streq(path.data, RA_V2 ".regadm"))
            continue;
        judge(t, path.data, &e->st);
        if (e->st.kind != RA_PREFIX || item->opts->mode != RA_LIST_LEVEL)
            continue;
        bool deep = is_deep(path.data) && !ra_streq(path.data, RA_V2 "repositories");
        ra_buf_addc(&path, '/');
        ra_walk_push(w, &(struct ra_walk_item){.prefix = path.data, .opts = deep ? &t->deep : &t->level});
    }
    ra_progress_add(t->f->job->progress, page->n, 0);
    return ra_check_cancelled(err);
}

static int on_failed(void *ctx, struct ra_walk *w, const struct ra_walk_item *item, const struct ra_err *why,
                     unsigned worker, struct ra_err *err)
{
    struct tree *t = ctx;
    (void)w;
    (void)worker;
    if (why->code != RA_NOTFOUND)
        ra_find_unreadable(t->f->job->findings, &(struct ra_place){.path = item->prefix}, why);
    return ra_check_cancelled(err);
}

static void report_tally(struct tree *t, struct tally *tally, const char *code, const char *what)
{
    char text[RA_COUNT_TEXT];
    if (tally->n)
        ra_find(t->f->job->findings, RA_WARNING, code, &(struct ra_place){.path = tally->example},
                "%s %s %s, this one for example", ra_count_text(tally->n, text),
                tally->n == 1 ? "file or folder" : "files and folders", what);
    free(tally->example);
}

int ra_fsck_tree(struct ra_fsck *f, struct ra_err *err)
{
    unsigned want = RA_WANT_OWNER;
    struct tree t = {.f = f,
                     .owners = ra_store_info(f->job->store)->caps & RA_CAP_OWNER,
                     .level = {.mode = RA_LIST_LEVEL, .want = want},
                     .deep = {.mode = RA_LIST_DEEP, .want = want}};
    struct ra_walk_item start = {.prefix = RA_V2, .opts = &t.level};
    struct ra_walk_visitor visitor = {.ctx = &t, .page = on_page, .failed = on_failed};
    if (t.owners && ra_store_stat(f->job->store, "docker/registry/v2", &t.top, NULL) < 0)
        t.owners = false;
    ra_progress_phase(f->job->progress, "looking at every file", 0, 0);
    int rc = ra_walk(f->job->store, &start, 1, ra_job_io_threads(f->job), &visitor, err);
    report_tally(&t, &t.owner, "odd-owner", "not of the user and group that the tree belongs to");
    report_tally(&t, &t.mode, "odd-mode", "that the owner cannot both read and write");
    return rc;
}
