#include "jobs/import_backup.h"

#include "registry/reference.h"

#include <inttypes.h>

/* So many missing blobs are named one by one. */
#define MISSING_NAMED 20

void ra_import_backup_free(struct import_backup *b)
{
    if (!b)
        return;
    for (uint32_t i = 0; i < b->repos_n; i++)
        free(b->repos[i]);
    free(b->repos);
    free(b->data_at);
    free(b->absent);
    ra_tar_close(b->tar);
    ra_input_free(b->input);
    ra_backup_release(&b->state);
    free(b);
}

/* --- header and catalogue ----------------------------------------------------------------------------------- */

static int expect(struct import_backup *b, const char *name, struct ra_tar_member *m, struct ra_err *err)
{
    int rc = ra_tar_next(b->tar, m, err);
    b->members++;
    if (rc < 0)
        return rc;
    if (rc == 0 || m->kind != RA_TAR_FILE || !ra_streq(m->name, name))
        return ra_fail(err, RA_CORRUPT, "'%s' is missing", name);
    return 0;
}

static int read_header(struct import_backup *b, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    struct ra_tar_member m;
    int rc = expect(b, RA_BACKUP_HEADER, &m, err);
    if (rc == 0)
        rc = ra_tar_read_all(b->tar, RA_BACKUP_JSON_MAX, &text, err);
    return rc < 0 ? rc : ra_backup_parse_header(&b->state, ra_buf_str(&text), text.len, err);
}

static int read_catalog(struct import_backup *b, struct ra_err *err)
{
    struct ra_tar_member m;
    int rc = expect(b, RA_BACKUP_CATALOG, &m, err);
    return rc < 0 ? rc : ra_backup_read_catalog(&b->state, b->tar, err);
}

/* --- names -------------------------------------------------------------------------------------------------- */

static int rename_repo(struct ra_import *im, uint32_t name, struct ra_err *err)
{
    struct import_backup *b = im->backup;
    /* What a backup calls a repository is its name, also when it looks like a host's. */
    struct ra_import_opts opts = {.keep_host = true, .prefix = im->opts.prefix};
    return b->repos[name] ? 0 : ra_import_rename(&opts, b->state.names.at[name], &b->repos[name], err);
}

static int check_names(struct ra_import *im, struct ra_err *err)
{
    struct import_backup *b = im->backup;
    const struct ra_backup *s = &b->state;
    int rc = 0;
    b->repos_n = s->names.n;
    b->repos = ra_calloc(s->names.n + 1, sizeof(*b->repos));
    for (size_t i = 0; i < s->repos.n && rc == 0; i++)
        rc = rename_repo(im, s->repos.at[i], err);
    for (size_t i = 0; i < s->revs.n && rc == 0; i++)
        rc = rename_repo(im, s->revs.at[i].repo, err);
    for (size_t i = 0; i < s->layers.n && rc == 0; i++)
        rc = rename_repo(im, s->layers.at[i].repo, err);
    for (size_t i = 0; i < s->tags.n + s->history.n && rc == 0; i++) {
        const struct ra_backup_tag *t = i < s->tags.n ? &s->tags.at[i] : &s->history.at[i - s->tags.n];
        const char *tag = s->names.at[t->name];
        rc = rename_repo(im, t->repo, err);
        if (rc == 0 && !ra_tag_valid(tag, strlen(tag)))
            rc = ra_fail(err, RA_INVALID, "the catalogue has a tag that is none");
    }
    return rc;
}

/* Who looks into a backup of manifests alone wants to see them, too. */
static void show_untagged(struct ra_import *im)
{
    const struct ra_backup *s = &im->backup->state;
    ra_auto_free bool *tagged = ra_calloc(s->names.n + 1, sizeof(*tagged));
    ra_vec_each (t, &s->tags)
        tagged[t->repo] = true;
    ra_vec_each (r, &s->revs) {
        if (tagged[r->repo])
            continue;
        struct import_image *image = ra_import_add_image(im, NULL, false, RA_NONE);
        image->pub.repo = ra_strdup(im->backup->repos[r->repo]);
        image->pub.digest = ra_digest_set_get(&s->digests, r->digest);
        image->pub.has_digest = true;
    }
}

static int plan_tags(struct ra_import *im, struct ra_err *err)
{
    const struct ra_backup *s = &im->backup->state;
    for (size_t i = 0; i < s->tags.n; i++) {
        const struct ra_backup_tag *t = &s->tags.at[i];
        struct import_image *image = ra_import_add_image(im, NULL, false, RA_NONE);
        image->pub.repo = ra_strdup(im->backup->repos[t->repo]);
        image->pub.tag = ra_strdup(s->names.at[t->name]);
        image->pub.digest = ra_digest_set_get(&s->digests, t->digest);
        image->pub.has_digest = true;
        int rc = ra_import_decide(im, image, err);
        if (rc < 0)
            return rc;
        im->replacing += image->pub.status == RA_IMPORT_UPDATED;
    }
    if (im->opts.look)
        show_untagged(im);
    return 0;
}

/* --- what must be there already ----------------------------------------------------------------------------- */

struct requiring {
    struct ra_import *im;
    RA_VEC(uint32_t) list;
};

static int require(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)worker;
    struct requiring *r = arg;
    uint32_t number = r->list.at[i];
    const struct ra_backup *s = &r->im->backup->state;
    int there = ra_put_has_blob(r->im->job->store, RA_DIGEST_AT(&s->digests, number),
                                s->blobs.at[number].size, NULL, err);
    if (there < 0)
        return there;
    r->im->backup->absent[number] = !there;
    return 0;
}

/* Of a backup that is there for the most part only the rest needs room. */
static int check_room(struct ra_import *im, struct ra_err *err)
{
    const struct ra_backup *s = &im->backup->state;
    struct ra_backup_totals totals;
    ra_backup_totals(s, &totals);
    uint64_t bytes = totals.bytes, room = ra_store_room(im->job->store);
    for (uint32_t i = 0; i < s->blobs.n && bytes > room; i++)
        if (s->blobs.at[i].in && ra_put_has_blob(im->job->store, RA_DIGEST_AT(&s->digests, i),
                                                 s->blobs.at[i].size, NULL, NULL) > 0)
            bytes -= s->blobs.at[i].size;
    return im->opts.look ? 0 : ra_import_check_room(im, bytes, err);
}

static int tell_missing(struct ra_import *im, const struct requiring *r, struct ra_err *err)
{
    const struct ra_backup *s = &im->backup->state;
    char text[RA_DIGEST_TEXT];
    size_t missing = 0;
    ra_vec_each (number, &r->list) {
        if (!im->backup->absent[*number] || missing++ >= MISSING_NAMED)
            continue;
        struct ra_place at = {.digest = RA_DIGEST_AT(&s->digests, *number)};
        ra_find(im->job->findings, im->opts.allow_missing ? RA_WARNING : RA_ERROR, "missing-blob", &at,
                "the backup builds on %s, and the storage does not have it", ra_digest_text(at.digest, text));
    }
    if (missing == 0 || im->opts.allow_missing)
        return 0;
    int rc = ra_fail(err, RA_NOTFOUND,
                     "it is an increment, and %zu of the %zu blobs that it builds on are not in the storage",
                     missing, r->list.n);
    if (s->parents.n == 0)
        return ra_hint(
            err, rc, "import first the backups before it; or export again, with the --have of this storage");
    return ra_hint(err, rc, "import first the backup that `regadm archive` shows as %s",
                   ra_digest_text(&s->parents.at[0], text));
}

static int check_prerequisites(struct ra_import *im, struct ra_err *err)
{
    struct requiring r = {.im = im};
    const struct ra_backup *s = &im->backup->state;
    im->backup->absent = ra_calloc(s->blobs.n + 1, sizeof(bool));
    if (im->opts.look)
        return 0;
    for (uint32_t i = 0; i < s->blobs.n; i++)
        if (s->blobs.at[i].listed && !s->blobs.at[i].in)
            *ra_vec_push(&r.list) = i;
    ra_progress_phase(im->job->progress, "checking what the backup builds on", r.list.n, 0);
    int rc = ra_parallel(ra_job_io_threads(im->job), r.list.n, require, &r, err);
    if (rc == 0)
        rc = tell_missing(im, &r, err);
    im->counts.present += rc == 0 ? r.list.n : 0;
    ra_vec_release(&r.list);
    return rc;
}

/* --- the members behind the catalogue ----------------------------------------------------------------------- */

static int hash_index(struct import_backup *b, struct ra_err *err)
{
    RA_AUTO_PTR(ra_hasher) h = ra_hasher_new(RA_SHA256);
    char piece[16384];
    ssize_t n;
    while ((n = ra_tar_read(b->tar, piece, sizeof(piece), err)) > 0)
        ra_hasher_update(h, piece, (size_t)n);
    if (n == 0)
        ra_hasher_final(h, &b->index);
    return (int)n;
}

static int read_end(struct import_backup *b, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    struct ra_backup_totals totals;
    int rc = ra_tar_read_all(b->tar, RA_BACKUP_JSON_MAX, &text, err);
    if (rc == 0)
        rc = ra_backup_parse_end(&b->end, ra_buf_str(&text), text.len, err);
    if (rc < 0)
        return rc;
    ra_backup_totals(&b->state, &totals);
    if (b->end.members != b->members || b->end.bytes != totals.bytes ||
        !ra_digest_eq(&b->end.catalog, &b->state.id) || !ra_digest_eq(&b->end.index, &b->index))
        return ra_fail(err, RA_CORRUPT, "the end record does not fit what stands before it");
    b->ended = true;
    return 0;
}

/* The number of the blob that a member is; it must be one that is announced, and come once. */
static int identify(struct import_backup *b, const struct ra_tar_member *m, uint32_t *number,
                    struct ra_err *err)
{
    struct ra_digest d;
    if (m->kind != RA_TAR_FILE || !ra_backup_blob_name(m->name, &d))
        return ra_fail(err, RA_CORRUPT, "member '%.200s' does not belong into a backup", m->name);
    *number = ra_digest_set_find(&b->state.digests, &d);
    const struct ra_backup_blob *blob = *number == RA_NONE ? NULL : &b->state.blobs.at[*number];
    if (!blob || !blob->listed || !blob->in)
        return ra_fail(err, RA_CORRUPT, "member '%s' is not in the catalogue", m->name);
    if (blob->size != m->size)
        return ra_fail(err, RA_CORRUPT, "member '%s' has %" PRIu64 " bytes, and %" PRIu64 " in the catalogue",
                       m->name, m->size, (uint64_t)blob->size);
    if (b->data_at[*number] != UINT64_MAX)
        return ra_fail(err, RA_CORRUPT, "member '%s' is there twice", m->name);
    b->data_at[*number] = m->offset;
    return 0;
}

int ra_import_each_member(struct ra_import *im,
                          int (*take)(struct ra_import *im, uint32_t number, struct ra_err *err),
                          struct ra_err *err)
{
    struct import_backup *b = im->backup;
    struct ra_tar_member m;
    int rc;
    while ((rc = ra_check_cancelled(err)) == 0 && (rc = ra_tar_next(b->tar, &m, err)) > 0) {
        uint32_t number = RA_NONE;
        if (b->ended)
            return ra_fail(err, RA_CORRUPT, "member '%.200s' stands behind the end record", m.name);
        if (ra_streq(m.name, "index.json"))
            rc = hash_index(b, err);
        else if (ra_streq(m.name, RA_BACKUP_END))
            rc = read_end(b, err);
        else if (ra_streq(m.name, "oci-layout") || ra_streq(m.name, "manifest.json"))
            rc = 0;
        else if ((rc = identify(b, &m, &number, err)) == 0)
            rc = take(im, number, err);
        if (rc < 0)
            return rc;
        b->members++;
    }
    return rc;
}

int ra_import_check_end(struct import_backup *b, struct ra_err *err)
{
    char text[RA_DIGEST_TEXT];
    if (!b->ended)
        return ra_fail(err, RA_CORRUPT, "the backup is cut: its end record is missing");
    for (uint32_t i = 0; i < b->state.blobs.n; i++)
        if (b->state.blobs.at[i].in && b->data_at[i] == UINT64_MAX)
            return ra_fail(err, RA_CORRUPT, "%s is announced, and missing",
                           ra_digest_text(RA_DIGEST_AT(&b->state.digests, i), text));
    return 0;
}

static int only_look(struct ra_import *im, uint32_t number, struct ra_err *err)
{
    (void)im, (void)number, (void)err;
    return 0;
}

/* Where any place of the file can be read all headers are looked at before anything is done: a cut backup is then
 * refused as a whole. */
static int scan(struct ra_import *im, struct ra_err *err)
{
    struct import_backup *b = im->backup;
    b->data_at = ra_malloc((b->state.blobs.n + 1) * sizeof(*b->data_at));
    memset(b->data_at, 0xff, (b->state.blobs.n + 1) * sizeof(*b->data_at));
    if (ra_input_fd(b->input) < 0)
        return 0;
    ra_progress_phase(im->job->progress, "reading the archive", 0, 0);
    int rc = ra_import_each_member(im, only_look, err);
    b->scanned = true;
    return rc < 0 ? rc : ra_import_check_end(b, err);
}

const struct ra_backup *ra_import_catalog(const struct ra_import *im)
{
    return im->backup ? &im->backup->state : NULL;
}

/* What damage kept out of the backup may be whole here. */
static int check_mirror(const struct ra_import *im, struct ra_err *err)
{
    uint64_t n = im->backup->state.left_out;
    if (!im->opts.mirror || n == 0)
        return 0;
    int rc = ra_fail(err, RA_UNSUPPORTED,
                     "damage kept %llu tag%s out of this backup: --mirror would remove what is whole here",
                     (unsigned long long)n, n == 1 ? "" : "s");
    return ra_hint(err, rc,
                   "import it without --mirror, or mend the registry it comes from and back it up again");
}

/* --- all of it ---------------------------------------------------------------------------------------------- */

int ra_import_backup_open(struct ra_import *im, struct ra_input *input, struct ra_err *err)
{
    struct import_backup *b = im->backup = ra_new(struct import_backup);
    b->input = input;
    b->source = ra_input_source(input);
    b->tar = ra_tar_open(&b->source);
    im->kind = "regadm backup";
    int rc = read_header(b, err);
    im->mirror_listed = b->state.selection;
    if (rc == 0)
        rc = check_mirror(im, err);
    if (rc == 0)
        rc = read_catalog(b, err);
    if (rc == 0)
        rc = check_names(im, err);
    if (rc == 0)
        rc = scan(im, err);
    if (rc == 0)
        rc = check_prerequisites(im, err);
    if (rc == 0)
        rc = check_room(im, err);
    if (rc == 0)
        rc = plan_tags(im, err);
    return rc < 0 || !im->opts.mirror ? rc : ra_import_mirror_plan(im, err);
}
