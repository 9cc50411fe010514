/*
 * What only an object store has: multipart uploads that nobody finished, which no listing shows and which
 * cost space, and buckets that keep what is removed.
 */
#include "store/s3_http.h"

#include "base/clock.h"
#include "base/str.h"

struct upload {
    char *key, *id;
    int64_t started;
};

struct uploads {
    struct ra_s3 *s;
    RA_VEC(struct upload) list;
    struct upload current;
    char *next_key, *next_id;
    bool encoded, truncated, told;
};

static void upload_release(struct upload *u)
{
    free(u->key);
    free(u->id);
    *u = (struct upload){.started = RA_TIME_NONE};
}

static void uploads_release(struct uploads *u)
{
    ra_vec_each (one, &u->list)
        upload_release(one);
    ra_vec_release(&u->list);
    upload_release(&u->current);
    free(ra_steal_ptr(&u->next_key));
    free(ra_steal_ptr(&u->next_id));
}

static void replace(char **to, const char *text)
{
    free(*to);
    *to = ra_strdup(text);
}

static int end_upload(struct uploads *u, struct ra_err *err)
{
    if (!u->current.key || !u->current.id || u->current.started == RA_TIME_NONE)
        return ra_fail(err, RA_CORRUPT, "the server's list has an upload without key, id or time");
    *ra_vec_push(&u->list) = u->current;
    u->current = (struct upload){.started = RA_TIME_NONE};
    return 0;
}

static int take_time(struct uploads *u, const char *text, struct ra_err *err)
{
    bool good = ra_time_parse(text, strlen(text), &u->current.started);
    return good ? 0 : ra_fail(err, RA_CORRUPT, "the server's list has a time that is none");
}

static int take_field(struct uploads *u, const char *field, const char *text, struct ra_err *err)
{
    if (ra_streq(field, "Upload/Key"))
        replace(&u->current.key, text);
    else if (ra_streq(field, "Upload/UploadId"))
        replace(&u->current.id, text);
    else if (ra_streq(field, "Upload/Initiated"))
        return take_time(u, text, err);
    else if (ra_streq(field, "Upload"))
        return end_upload(u, err);
    else if (ra_streq(field, "NextKeyMarker"))
        replace(&u->next_key, text);
    else if (ra_streq(field, "NextUploadIdMarker"))
        replace(&u->next_id, text);
    else if (ra_streq(field, "EncodingType"))
        u->encoded = ra_streq(text, "url");
    else if (ra_streq(field, "IsTruncated"))
        u->told = (u->truncated = ra_streq(text, "true")) || ra_streq(text, "false");
    return 0;
}

static bool decode_in_place(char **s)
{
    RA_BUF_AUTO out = {0};
    for (char *plus = strchr(*s, '+'); plus; plus = strchr(plus, '+'))
        *plus = ' ';
    if (!ra_uri_decode(&out, *s, strlen(*s)))
        return false;
    free(*s);
    *s = ra_buf_take(&out);
    return true;
}

static int decode_keys(struct uploads *u, struct ra_err *err)
{
    bool ok = !u->encoded || !u->next_key || decode_in_place(&u->next_key);
    ra_vec_each (one, &u->list)
        ok = ok && (!u->encoded || decode_in_place(&one->key)) && ra_starts_with(one->key, u->s->root);
    return ok ? 0 : ra_fail(err, RA_CORRUPT, "the server's list has a key that was not asked for");
}

static int parse_uploads(void *arg, struct ra_s3_answer *a, struct ra_err *err)
{
    static const char root[] = "ListMultipartUploadsResult";
    struct uploads *u = arg;
    struct ra_xml x;
    uploads_release(u);
    u->encoded = u->truncated = u->told = false;
    ra_xml_init(&x, ra_buf_str(&a->body), a->body.len);
    int rc = 0, more;
    while (rc == 0 && (more = ra_xml_next(&x, err)) != 0) {
        if (more < 0)
            rc = more;
        else if (strncmp(x.path, root, sizeof(root) - 1) != 0)
            rc = ra_fail(err, RA_CORRUPT, "the server sends something else than a list of uploads");
        else if (x.path[sizeof(root) - 1] == '/')
            rc = take_field(u, x.path + sizeof(root), x.text, err);
    }
    ra_xml_release(&x);
    if (rc == 0 && (!u->told || (u->truncated && (!u->next_key || !*u->next_key))))
        rc = ra_fail(err, RA_CORRUPT, "the server's list of uploads has no end");
    return rc < 0 ? rc : decode_keys(u, err);
}

/* The keys are not asked for encoded: Ceph 16 encodes these without saying so. */
static int fetch_uploads(struct uploads *u, const char *prefix, struct ra_err *err)
{
    ra_auto_free char *full = ra_asprintf("%s%s", u->s->root, prefix);
    ra_auto_free char *key = ra_steal_ptr(&u->next_key);
    ra_auto_free char *id = ra_steal_ptr(&u->next_id);
    struct ra_s3_request r = {.method = "GET", .verb = "list uploads in", .parse = parse_uploads, .arg = u};
    r.subject = u->s->where;
    ra_s3_param(&r, "uploads", "");
    ra_s3_param(&r, "prefix", full);
    ra_s3_param(&r, "key-marker", key);
    ra_s3_param(&r, "upload-id-marker", id && *id ? id : NULL);
    RA_S3_ANSWER_AUTO a = {0};
    return ra_s3_call(u->s, &r, &a, err);
}

/* One that is gone meanwhile was finished or aborted by somebody else, which is as good. */
static int abort_one(struct ra_s3 *s, const char *key, const char *id, struct ra_err *err)
{
    struct ra_s3_request r = {.method = "DELETE", .verb = "abort the upload of", .key = key};
    ra_s3_param(&r, "uploadId", id);
    RA_S3_ANSWER_AUTO a = {0};
    int rc = ra_s3_call(s, &r, &a, err);
    if (rc != -RA_NOTFOUND)
        return rc;
    ra_err_clear(err);
    return 0;
}

/* There are servers that list what was not asked for. */
static int visit_page(struct uploads *u, const char *prefix, const struct ra_abandoned_opts *opts,
                      struct ra_err *err)
{
    size_t root = strlen(u->s->root);
    ra_vec_each (one, &u->list) {
        if (one->started > opts->not_after || !ra_starts_with(one->key + root, prefix))
            continue;
        RA_ERR_AUTO failure = {0};
        struct ra_abandoned found = {.key = one->key + root, .started = one->started};
        found.status = opts->abort ? abort_one(u->s, found.key, one->id, &failure) : 0;
        if (found.status == -RA_CANCELLED)
            return err ? ra_err_move(err, &failure) : found.status;
        if (opts->found)
            opts->found(opts->arg, &found);
    }
    return 0;
}

int ra_s3_abandoned(struct ra_store *store, const char *prefix, const struct ra_abandoned_opts *opts,
                    struct ra_err *err)
{
    struct uploads u = {.s = ra_s3_of(store), .current = {.started = RA_TIME_NONE}};
    int rc;
    do {
        rc = fetch_uploads(&u, prefix, err);
        if (rc == 0)
            rc = visit_page(&u, prefix, opts, err);
    } while (rc == 0 && u.truncated);
    uploads_release(&u);
    /* A server without such uploads has none that were abandoned. */
    if (rc == -RA_UNSUPPORTED) {
        ra_err_clear(err);
        return 0;
    }
    return rc;
}

static int parse_versioning(void *arg, struct ra_s3_answer *a, struct ra_err *err)
{
    bool *enabled = arg;
    struct ra_xml x;
    int rc;
    *enabled = false;
    ra_xml_init(&x, ra_buf_str(&a->body), a->body.len);
    while ((rc = ra_xml_next(&x, err)) > 0)
        if (ra_streq(x.path, "VersioningConfiguration/Status"))
            *enabled = ra_streq(x.text, "Enabled");
    ra_xml_release(&x);
    return rc;
}

int ra_s3_keeps_removed(struct ra_store *store, bool *out, struct ra_err *err)
{
    struct ra_s3 *s = ra_s3_of(store);
    struct ra_s3_request r = {.method = "GET", .verb = "ask for the versioning of", .subject = s->where};
    r.parse = parse_versioning;
    r.arg = out;
    *out = false;
    ra_s3_param(&r, "versioning", "");
    RA_S3_ANSWER_AUTO a = {0};
    int rc = ra_s3_call(s, &r, &a, err);
    if (rc == -RA_UNSUPPORTED) {
        ra_err_clear(err);
        return 0;
    }
    return rc;
}
