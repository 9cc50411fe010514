/*
 * A writer gathers a part's worth of bytes. An object that ends within it is one PUT; a longer one becomes a
 * multipart upload, which shows nothing until it is completed. Without a key the bytes beyond the first part
 * wait in an unlinked file, because parts must name their object.
 */
#include "store/s3_http.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "format/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>

#define PARTS_MAX 10000
/* Parts double in size whenever so many have been sent, up to RA_S3_PART_MAX, so that 10,000 are enough for 4 TiB. */
#define PARTS_STEP 1000

struct writer {
    struct ra_writer base;
    char *key; /* NULL: to be named at commit */
    unsigned flags;
    uint64_t part_size, total;
    struct ra_buf buf;
    int spool; /* -1: none; what it holds comes before buf */
    uint64_t spooled;
    char *upload;         /* the id of the multipart upload; NULL: none */
    RA_VEC(char *) parts; /* their ETags */
};

static struct ra_s3 *s3_of(const struct writer *w)
{
    return ra_s3_of(w->base.store);
}

static void writer_free(struct writer *w)
{
    ra_vec_each (etag, &w->parts)
        free(*etag);
    ra_vec_release(&w->parts);
    ra_buf_release(&w->buf);
    if (w->spool >= 0)
        close(w->spool);
    free(w->upload);
    free(w->key);
    free(w);
}

static void enlarge_parts(struct writer *w)
{
    w->part_size = w->part_size < RA_S3_PART_MAX / 2 ? 2 * w->part_size : RA_S3_PART_MAX;
}

int ra_s3_write_open(struct ra_store *s, const char *key, unsigned flags, uint64_t size_hint,
                     struct ra_writer **out, struct ra_err *err)
{
    (void)err;
    struct writer *w = ra_new(struct writer);
    w->base.store = s;
    w->key = key ? ra_strdup(key) : NULL;
    w->flags = flags;
    w->spool = -1;
    w->part_size = ra_s3_of(s)->config.part_size;
    while (size_hint / PARTS_STEP > w->part_size && w->part_size < RA_S3_PART_MAX)
        enlarge_parts(w);
    *out = &w->base;
    return 0;
}

/* --- headers of new objects --- */

static void add_object_headers(const struct ra_s3 *s, struct ra_s3_request *r)
{
    ra_s3_header(r, "x-amz-storage-class", s->config.storage_class);
    ra_s3_header(r, "x-amz-acl", s->config.acl);
    if (s->config.encrypt)
        ra_s3_header(r, "x-amz-server-side-encryption", s->config.kms_key ? "aws:kms" : "AES256");
    if (s->config.encrypt)
        ra_s3_header(r, "x-amz-server-side-encryption-aws-kms-key-id", s->config.kms_key);
}

/* --- one PUT --- */

static int exists_error(const char *key, struct ra_err *err)
{
    return ra_fail(err, RA_EXISTS, "cannot write '%s': it exists already", key);
}

static int fail_if_there(struct ra_s3 *s, const char *key, struct ra_err *err)
{
    struct ra_stat st;
    RA_S3_ANSWER_AUTO a = {0};
    int rc = ra_s3_head(s, key, &st, &a, err);
    if (rc == 0)
        return exists_error(key, err);
    if (rc == -RA_NOTFOUND) {
        ra_err_clear(err);
        return 0;
    }
    return rc;
}

/* The ETag of an object that was written by one PUT, where the server uses MD5 for it. */
static bool etag_of(const void *p, size_t n, char out[static 36])
{
    unsigned char md5[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(p, n, md5, &len, EVP_md5(), NULL) != 1 || len != 16)
        return false;
    char *at = out;
    *at++ = '"';
    for (size_t i = 0; i < len; i++)
        at += snprintf(at, 3, "%02x", md5[i]);
    memcpy(at, "\"", 2);
    return true;
}

/* A conditional PUT was repeated and found the object there: perhaps the first attempt, whose answer was
 * lost, put it there. The same bytes are success. */
static int clear_up(const struct writer *w, struct ra_err *err)
{
    struct ra_stat st;
    char etag[36];
    RA_S3_ANSWER_AUTO a = {0};
    int rc = ra_s3_head(s3_of(w), w->key, &st, &a, err);
    if (rc < 0)
        return rc;
    if (st.size == w->buf.len && etag_of(ra_buf_str(&w->buf), w->buf.len, etag) && ra_streq(etag, a.etag))
        return 0;
    return exists_error(w->key, err);
}

static int put_once(const struct writer *w, bool conditional, struct ra_s3_answer *a, struct ra_err *err)
{
    struct ra_s3_request r = {.method = "PUT", .verb = "write", .key = w->key, .body_len = w->buf.len};
    r.body = ra_buf_str(&w->buf);
    add_object_headers(s3_of(w), &r);
    if (conditional)
        ra_s3_header(&r, "if-none-match", "*");
    return ra_s3_call(s3_of(w), &r, a, err);
}

static int put_object(const struct writer *w, struct ra_err *err)
{
    struct ra_s3 *s = s3_of(w);
    bool noreplace = w->flags & RA_WRITE_NOREPLACE;
    RA_S3_ANSWER_AUTO a = {0};
    if (!noreplace)
        return put_once(w, false, &a, err);
    if (!s->no_conditional) {
        int rc = put_once(w, true, &a, err);
        if (rc == -RA_EXISTS && a.repeated)
            return clear_up(w, err);
        if (rc != -RA_UNSUPPORTED)
            return rc;
        s->no_conditional = true;
    }
    int rc = fail_if_there(s, w->key, err);
    return rc < 0 ? rc : put_once(w, false, &a, err);
}

/* --- multipart uploads --- */

static int parse_upload_id(void *arg, struct ra_s3_answer *a, struct ra_err *err)
{
    char **out = arg;
    struct ra_xml x;
    int rc;
    ra_xml_init(&x, ra_buf_str(&a->body), a->body.len);
    while ((rc = ra_xml_next(&x, err)) > 0)
        if (ra_streq(x.path, "InitiateMultipartUploadResult/UploadId") && *x.text && !*out)
            *out = ra_strdup(x.text);
    ra_xml_release(&x);
    if (rc == 0 && !*out)
        return ra_fail(err, RA_CORRUPT, "the server names no upload");
    if (rc < 0)
        free(ra_steal_ptr(out));
    return rc;
}

/* Repeated like the rest: should a lost answer leave an upload behind, ra_store_abandoned finds it. */
static int begin_upload(struct writer *w, struct ra_err *err)
{
    struct ra_s3_request r = {
        .method = "POST", .verb = "write", .key = w->key, .body = "", .arg = &w->upload};
    r.parse = parse_upload_id;
    ra_s3_param(&r, "uploads", "");
    add_object_headers(s3_of(w), &r);
    RA_S3_ANSWER_AUTO a = {0};
    return ra_s3_call(s3_of(w), &r, &a, err);
}

static int need_etag(void *arg, struct ra_s3_answer *a, struct ra_err *err)
{
    (void)arg;
    return a->etag[0] ? 0 : ra_fail(err, RA_CORRUPT, "the server gives no ETag for a part");
}

static int send_part(struct writer *w, const void *p, size_t n, struct ra_err *err)
{
    char number[16];
    if (w->parts.n == PARTS_MAX)
        return ra_fail(err, RA_TOOBIG, "cannot write '%s': more than %d parts", w->key, PARTS_MAX);
    snprintf(number, sizeof(number), "%zu", w->parts.n + 1);
    struct ra_s3_request r = {.method = "PUT", .verb = "write", .key = w->key, .body = p, .body_len = n};
    r.parse = need_etag;
    ra_s3_param(&r, "partNumber", number);
    ra_s3_param(&r, "uploadId", w->upload);
    RA_S3_ANSWER_AUTO a = {0};
    int rc = ra_s3_call(s3_of(w), &r, &a, err);
    if (rc < 0)
        return rc;
    *ra_vec_push(&w->parts) = ra_strdup(a.etag);
    if (w->parts.n % PARTS_STEP == 0)
        enlarge_parts(w);
    return 0;
}

static void abort_upload(struct writer *w)
{
    struct ra_s3_request r = {.method = "DELETE", .verb = "give up", .key = w->key};
    ra_s3_param(&r, "uploadId", w->upload);
    RA_S3_ANSWER_AUTO a = {0};
    ra_s3_call(s3_of(w), &r, &a, NULL);
}

struct completion {
    struct ra_s3 *s;
    const struct ra_s3_request *request;
};

/* The head of the answer is sent before the work is done, so a failure can come with status 200. */
static int parse_completion(void *arg, struct ra_s3_answer *a, struct ra_err *err)
{
    struct completion *c = arg;
    struct ra_xml x;
    int rc;
    bool done = false, failed = false;
    ra_xml_init(&x, ra_buf_str(&a->body), a->body.len);
    while ((rc = ra_xml_next(&x, err)) > 0) {
        done |= ra_streq(x.path, "CompleteMultipartUploadResult");
        failed |= ra_streq(x.path, "Error");
    }
    ra_xml_release(&x);
    if (rc < 0)
        return rc;
    if (failed && !ra_s3_transient(a))
        return ra_s3_refusal(c->s, c->request, a, err);
    return done ? 0 : ra_fail(err, RA_CORRUPT, "the server could not put the parts together");
}

static void completion_body(const struct writer *w, struct ra_buf *out)
{
    ra_buf_adds(out, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (size_t i = 0; i < w->parts.n; i++) {
        ra_buf_addf(out, "<Part><PartNumber>%zu</PartNumber><ETag>", i + 1);
        ra_xml_escape(out, w->parts.at[i]);
        ra_buf_adds(out, "</ETag></Part>");
    }
    ra_buf_adds(out, "</CompleteMultipartUpload>");
}

/* The upload is gone when completing it is tried again: the first attempt did it, or somebody aborted it. */
static bool completed_before(const struct writer *w)
{
    struct ra_stat st;
    RA_S3_ANSWER_AUTO a = {0};
    return ra_s3_head(s3_of(w), w->key, &st, &a, NULL) == 0 && st.size == w->total;
}

static int complete_upload(struct writer *w, struct ra_err *err)
{
    struct ra_s3 *s = s3_of(w);
    RA_BUF_AUTO body = {0};
    completion_body(w, &body);
    struct ra_s3_request r = {.method = "POST", .verb = "write", .key = w->key, .body_len = body.len};
    struct completion c = {s, &r};
    r.body = ra_buf_str(&body);
    r.parse = parse_completion;
    r.arg = &c;
    ra_s3_param(&r, "uploadId", w->upload);
    RA_S3_ANSWER_AUTO a = {0};
    int rc = ra_s3_call(s, &r, &a, err);
    if (rc == -RA_NOTFOUND && a.repeated && completed_before(w)) {
        ra_err_clear(err);
        return 0;
    }
    return rc;
}

/* --- gathering --- */

static int open_spool(struct writer *w, struct ra_err *err)
{
    const char *dir = ra_tmp_folder((const char *const *)environ);
    w->spool = ra_unnamed_file(dir);
    return w->spool < 0 ? ra_fail_sys(err, "cannot make a temporary file in '%s'", dir) : 0;
}

/* The buffer is full: send it, or put it aside. */
static int flush(struct writer *w, struct ra_err *err)
{
    int rc = 0;
    if (w->key) {
        if (!w->upload)
            rc = begin_upload(w, err);
        if (rc == 0)
            rc = send_part(w, w->buf.data, w->buf.len, err);
    } else {
        if (w->spool < 0)
            rc = open_spool(w, err);
        if (rc == 0)
            rc = ra_fd_write_all(w->spool, "a temporary file", w->buf.data, w->buf.len, err);
        w->spooled += w->buf.len;
    }
    ra_buf_clear(&w->buf);
    return rc;
}

int ra_s3_write(struct ra_writer *base, const void *p, size_t n, struct ra_err *err)
{
    struct writer *w = (struct writer *)base;
    const char *from = p;
    w->total += n;
    while (n > 0) {
        if (w->buf.len >= w->part_size) {
            int rc = flush(w, err);
            if (rc < 0)
                return rc;
        }
        size_t room = (size_t)w->part_size - w->buf.len;
        size_t take = n < room ? n : room;
        ra_buf_add(&w->buf, from, take);
        from += take;
        n -= take;
    }
    return 0;
}

static int read_spool(const struct writer *w, uint64_t at, size_t n, struct ra_buf *out, struct ra_err *err)
{
    ra_buf_clear(out);
    ra_buf_reserve(out, n);
    while (out->len < n) {
        ssize_t got = pread(w->spool, out->data + out->len, n - out->len, (off_t)(at + out->len));
        if (got <= 0)
            return ra_fail_errno(err, got < 0 ? errno : EIO, "cannot read a temporary file");
        out->len += (size_t)got;
    }
    return 0;
}

/* Sends what was put aside as parts; what is in the buffer then is the last one. */
static int unspool(struct writer *w, struct ra_err *err)
{
    RA_BUF_AUTO part = {0};
    int rc = begin_upload(w, err);
    for (uint64_t at = 0; rc == 0 && at < w->spooled;) {
        uint64_t left = w->spooled - at;
        size_t want = (size_t)(left < w->part_size ? left : w->part_size);
        rc = read_spool(w, at, want, &part, err);
        if (rc == 0)
            rc = send_part(w, part.data, want, err);
        at += want;
    }
    return rc;
}

static int commit_upload(struct writer *w, struct ra_err *err)
{
    int rc = w->buf.len ? send_part(w, w->buf.data, w->buf.len, err) : 0;
    if (rc == 0 && (w->flags & RA_WRITE_NOREPLACE))
        rc = fail_if_there(s3_of(w), w->key, err);
    return rc < 0 ? rc : complete_upload(w, err);
}

static int name_it(struct writer *w, const char *key, struct ra_err *err)
{
    if (!key || (w->key && ra_streq(w->key, key)))
        return w->key ? 0 : ra_fail(err, RA_INVALID, "an object without a key cannot be committed");
    if (w->upload)
        return ra_fail(err, RA_INVALID, "cannot write '%s': parts of it were sent as '%s'", key, w->key);
    free(w->key);
    w->key = ra_strdup(key);
    return 0;
}

int ra_s3_write_commit(struct ra_writer *base, const char *key, struct ra_err *err)
{
    struct writer *w = (struct writer *)base;
    int rc = name_it(w, key, err);
    if (rc == 0 && w->spool >= 0)
        rc = unspool(w, err);
    if (rc == 0)
        rc = w->upload ? commit_upload(w, err) : put_object(w, err);
    if (rc < 0 && w->upload)
        abort_upload(w);
    writer_free(w);
    return rc;
}

void ra_s3_write_abort(struct ra_writer *base)
{
    struct writer *w = (struct writer *)base;
    if (w->upload)
        abort_upload(w);
    writer_free(w);
}
