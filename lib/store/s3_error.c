#include "store/s3_http.h"

#include "base/clock.h"
#include "base/str.h"

struct refusal {
    const char *code;
    enum ra_code means;
    const char *words;
    const char *hint;
    bool transient;
};

static const struct refusal refusals[] = {
    {"AccessDenied", RA_DENIED, "the key may not do this", "give it a policy that allows it", false},
    {"SignatureDoesNotMatch", RA_DENIED, "the server refuses the signature: the secret key is wrong",
     "check the secret key, and that it belongs to the access key", false},
    {"InvalidAccessKeyId", RA_DENIED, "the server does not know the access key", "check the access key",
     false},
    {"ExpiredToken", RA_DENIED, "the session token has expired", "get new credentials", false},
    {"InvalidToken", RA_DENIED, "the session token is not valid", "get new credentials", false},
    {"TokenRefreshRequired", RA_DENIED, "the session token has expired", "get new credentials", false},
    {"AccountProblem", RA_DENIED, "there is a problem with the account", NULL, false},
    {"AllAccessDisabled", RA_DENIED, "access to the bucket is disabled", NULL, false},
    {"MethodNotAllowed", RA_DENIED, "the server does not allow this", NULL, false},
    {"NoSuchKey", RA_NOTFOUND, "no such object", NULL, false},
    {"NoSuchUpload", RA_NOTFOUND, "no such upload", NULL, false},
    {"PreconditionFailed", RA_EXISTS, "it exists already", NULL, false},
    {"NotImplemented", RA_UNSUPPORTED, "the server does not support this", NULL, false},
    {"EntityTooLarge", RA_TOOBIG, "larger than the server takes", NULL, false},
    {"KeyTooLongError", RA_TOOBIG, "the key is longer than the server takes", NULL, false},
    {"QuotaExceeded", RA_NOSPACE, "the quota is used up", NULL, false},
    {"XMinioStorageFull", RA_NOSPACE, "the server's disks are full", NULL, false},
    {"InvalidObjectState", RA_DENIED, "the object is archived", "restore it from its storage class first",
     false},
    {"SlowDown", RA_IO, "the server is overloaded", NULL, true},
    {"ServiceUnavailable", RA_IO, "the server is overloaded", NULL, true},
    {"TooManyRequests", RA_IO, "the server is overloaded", NULL, true},
    {"InternalError", RA_IO, "the server failed", NULL, true},
    {"RequestTimeout", RA_IO, "the server gave up waiting", NULL, true},
    {"BadDigest", RA_IO, "the bytes did not arrive as they were sent", NULL, true},
    {"IncompleteBody", RA_IO, "the bytes did not arrive as they were sent", NULL, true},
    {"OperationAborted", RA_IO, "another operation is under way", NULL, true},
    {"ConditionalRequestConflict", RA_IO, "another write is under way", NULL, true},
};

static const struct refusal *find(const char *code)
{
    for (size_t i = 0; i < RA_COUNT(refusals); i++)
        if (strcmp(refusals[i].code, code) == 0)
            return &refusals[i];
    return NULL;
}

bool ra_s3_transient_code(const char *code)
{
    const struct refusal *known = find(code);
    return known && known->transient;
}

enum ra_code ra_s3_code(const char *code)
{
    const struct refusal *known = find(code);
    return known ? known->means : RA_IO;
}

struct details {
    char code[64], message[256], region[64];
};

static void keep(char *to, size_t size, const char *text)
{
    RA_BUF_AUTO safe = {0};
    ra_text_safe(&safe, text, strlen(text));
    snprintf(to, size, "%s", ra_buf_str(&safe));
}

/* What an <Error> body says; empty strings when there is none (HEAD), or when it is no XML (a proxy's page).
 */
static void read_details(const struct ra_s3_answer *a, struct details *out)
{
    struct ra_xml x;
    *out = (struct details){0};
    ra_xml_init(&x, ra_buf_str(&a->body), a->body.len);
    while (ra_xml_next(&x, NULL) > 0) {
        if (strcmp(x.path, "Error/Code") == 0)
            keep(out->code, sizeof(out->code), x.text);
        else if (strcmp(x.path, "Error/Message") == 0)
            keep(out->message, sizeof(out->message), x.text);
        else if (strcmp(x.path, "Error/Region") == 0)
            keep(out->region, sizeof(out->region), x.text);
    }
    ra_xml_release(&x);
    if (!out->region[0])
        keep(out->region, sizeof(out->region), a->region);
}

/* The code of an answer that names none: what its status means. */
static const char *code_of_status(long status)
{
    switch (status) {
    case 403:
        return "AccessDenied";
    case 404:
        return "NoSuchKey";
    case 405:
        return "MethodNotAllowed";
    case 408:
        return "RequestTimeout";
    case 412:
        return "PreconditionFailed";
    case 413:
        return "EntityTooLarge";
    case 429:
        return "TooManyRequests";
    case 501:
        return "NotImplemented";
    case 503:
        return "ServiceUnavailable";
    case 507:
        return "QuotaExceeded";
    default:
        return status >= 500 ? "InternalError" : "";
    }
}

bool ra_s3_transient(const struct ra_s3_answer *a)
{
    struct details d;
    read_details(a, &d);
    const char *code = d.code[0] ? d.code : code_of_status(a->status);
    const struct refusal *known = find(code);
    return known ? known->transient : a->status >= 500 && a->status != 501;
}

static int wrong_region(struct ra_s3 *s, const struct details *d, struct ra_err *err)
{
    if (!d->region[0] || strcmp(d->region, s->config.region) == 0)
        return ra_fail(err, RA_INVALID, "bucket '%s' lives in another region than '%s'", s->config.bucket,
                       s->config.region);
    int rc = ra_fail(err, RA_INVALID, "bucket '%s' is in region '%s', not '%s'", s->config.bucket, d->region,
                     s->config.region);
    return ra_hint(err, rc, "give region=%s", d->region);
}

static int wrong_clock(struct ra_s3 *s, const struct ra_s3_answer *a, struct ra_err *err)
{
    char text[RA_TIME_TEXT];
    int64_t ahead = a->date == RA_TIME_NONE ? s->skew : a->date - ra_time_now();
    ahead = (ahead + (ahead < 0 ? -RA_MINUTE : RA_MINUTE) / 2) / RA_MINUTE * RA_MINUTE;
    int rc = ra_fail(err, RA_DENIED, "this machine's clock is %s %s the server's",
                     ra_duration_text((double)(ahead < 0 ? -ahead : ahead) / RA_SECOND, text),
                     ahead < 0 ? "ahead of" : "behind");
    return ra_hint(err, rc,
                   "set the clock: requests are signed with the time, and refused when it is far off");
}

/* Where the settings are wrong, not the object; 0 when it is something else. */
static int setting_error(struct ra_s3 *s, const struct ra_s3_answer *a, const struct details *d,
                         struct ra_err *err)
{
    const char *code = d->code;
    if (strcmp(code, "NoSuchBucket") == 0 || strcmp(code, "InvalidBucketName") == 0)
        return ra_hint(err,
                       ra_fail(err, RA_INVALID, "there is no bucket '%s' at %s", s->config.bucket, s->origin),
                       "check bucket, region and endpoint");
    if (a->status == 301 || a->status == 307 || a->status == 308 || strcmp(code, "PermanentRedirect") == 0 ||
        strcmp(code, "AuthorizationHeaderMalformed") == 0 ||
        strcmp(code, "IllegalLocationConstraintException") == 0)
        return wrong_region(s, d, err);
    if (strcmp(code, "RequestTimeTooSkewed") == 0)
        return wrong_clock(s, a, err);
    return 0;
}

static int refusal_error(const struct ra_s3 *s, const struct ra_s3_answer *a, const struct details *d,
                         struct ra_err *err)
{
    const char *code = d->code[0] ? d->code : code_of_status(a->status);
    const struct refusal *known = find(code);
    if (!known)
        return ra_fail(err, a->status == 404 ? RA_NOTFOUND : RA_IO, "the server answers %ld%s%s%s%s",
                       a->status, d->code[0] ? " " : "", d->code, d->message[0] ? ": " : "", d->message);
    int rc = ra_fail(err, known->means, "%s (%s)", known->words, code);
    if (known->means == RA_DENIED && known->hint)
        return ra_hint(err, rc, "%s; it came from %s", known->hint, s->config.origin_of_key);
    return known->hint ? ra_hint(err, rc, "%s", known->hint) : rc;
}

int ra_s3_refusal(struct ra_s3 *s, const struct ra_s3_request *r, const struct ra_s3_answer *a,
                  struct ra_err *err)
{
    struct details d;
    read_details(a, &d);
    int rc = setting_error(s, a, &d, err);
    if (rc == 0)
        rc = refusal_error(s, a, &d, err);
    return ra_wrap(err, rc, "cannot %s '%s'", r->verb, ra_s3_subject(r));
}
