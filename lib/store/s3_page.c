/*
 * One page of ListObjectsV2. Keys are asked for URL-encoded, since XML cannot carry every byte that a key may
 * hold. A page is read while it comes in, and never stands in memory as XML.
 */
#include "store/s3_http.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

void ra_s3_page_release(struct ra_s3_page *page)
{
    ra_buf_release(&page->names);
    ra_vec_release(&page->entries);
    free(page->next);
    *page = (struct ra_s3_page){0};
}

/* Keeps the memory for the next one. */
static void clear(struct ra_s3_page *page)
{
    ra_buf_clear(&page->names);
    page->entries.n = 0;
    free(ra_steal_ptr(&page->next));
}

struct parse {
    struct ra_s3 *s;
    const char *prefix; /* with the store's root */
    struct ra_s3_page *page;
    struct ra_xml xml;
    int rc; /* what came of the pieces, with err */
    struct ra_err err;
    RA_VEC(size_t) names;  /* beside page->entries: where in page->names */
    struct ra_entry entry; /* of the <Contents> being read */
    size_t name;           /* its name; NO_NAME: none yet */
    bool encoded, truncated, told;
};
#define NO_NAME SIZE_MAX

static void parse_release(struct parse *p)
{
    ra_xml_release(&p->xml);
    ra_err_release(&p->err);
    ra_vec_release(&p->names);
}

static int bad_answer(struct ra_err *err, const char *what)
{
    return ra_fail(err, RA_CORRUPT, "the server's listing has %s", what);
}

static size_t keep_name(struct parse *p, const char *text)
{
    size_t at = p->page->names.len;
    ra_buf_add(&p->page->names, text, strlen(text) + 1);
    return at;
}

static void begin_entry(struct parse *p)
{
    p->entry = (struct ra_entry){.st = {.size = UINT64_MAX, .mtime = RA_TIME_NONE}};
    p->name = NO_NAME;
}

static void end_entry(struct parse *p)
{
    *ra_vec_push(&p->page->entries) = p->entry;
    *ra_vec_push(&p->names) = p->name;
    begin_entry(p);
}

static int take_contents(struct parse *p, const char *field, const char *text, struct ra_err *err)
{
    struct ra_stat *st = &p->entry.st;
    if (ra_streq(field, "Key"))
        p->name = keep_name(p, text);
    else if (ra_streq(field, "Size") && !ra_parse_u64(text, &st->size))
        return bad_answer(err, "a size that is no number");
    else if (ra_streq(field, "LastModified") && !ra_time_parse(text, strlen(text), &st->mtime))
        return bad_answer(err, "a time that is none");
    return 0;
}

static int end_contents(struct parse *p, struct ra_err *err)
{
    struct ra_stat *st = &p->entry.st;
    if (p->name == NO_NAME || st->mtime == RA_TIME_NONE || st->size == UINT64_MAX)
        return bad_answer(err, "an entry without key, size or time");
    st->disk = st->size;
    /* As HEAD tells it, in whole seconds: the same object has one time, however it is asked for. */
    st->mtime -= st->mtime % RA_SECOND;
    end_entry(p);
    return 0;
}

static void take_prefix(struct parse *p, const char *text)
{
    p->entry.st = (struct ra_stat){.kind = RA_PREFIX, .mtime = RA_TIME_NONE};
    p->name = keep_name(p, text);
    end_entry(p);
}

static int take_field(struct parse *p, const char *field, const char *text, struct ra_err *err)
{
    if (ra_starts_with(field, "Contents/"))
        return take_contents(p, field + strlen("Contents/"), text, err);
    if (ra_streq(field, "Contents"))
        return end_contents(p, err);
    if (ra_streq(field, "CommonPrefixes/Prefix"))
        take_prefix(p, text);
    else if (ra_streq(field, "EncodingType"))
        p->encoded = ra_streq(text, "url");
    else if (ra_streq(field, "IsTruncated"))
        p->told = (p->truncated = ra_streq(text, "true")) || ra_streq(text, "false");
    else if (ra_streq(field, "NextContinuationToken") && *text && !p->page->next)
        p->page->next = ra_strdup(text);
    return 0;
}

static int read_fields(struct parse *p, struct ra_err *err)
{
    struct ra_xml *x = &p->xml;
    int rc;
    while ((rc = ra_xml_next(x, err)) > 0) {
        if (ra_starts_with(x->path, "ListBucketResult/"))
            rc = take_field(p, x->path + strlen("ListBucketResult/"), x->text, err);
        else if (!ra_streq(x->path, "ListBucketResult"))
            rc = bad_answer(err, "something else in its place");
        if (rc < 0)
            return rc;
    }
    return rc;
}

static void begin_page(struct parse *p)
{
    parse_release(p);
    clear(p->page);
    p->rc = 0;
    p->encoded = p->truncated = p->told = false;
    begin_entry(p);
    ra_xml_begin(&p->xml);
}

/* Behind an error the rest is not looked at, but received: the connection is used again. */
static void take_piece(void *arg, const char *piece, size_t n)
{
    struct parse *p = arg;
    if (!piece)
        begin_page(p);
    if (!piece || p->rc < 0)
        return;
    ra_xml_feed(&p->xml, piece, n);
    p->rc = read_fields(p, &p->err);
}

/* In place, since a name is never shorter than what it stands for. Here '+' stands for a blank, as in forms; servers
 * that write %20 write %2B for a plus. */
static bool decode_name(char *name, struct ra_buf *scratch)
{
    if (!strpbrk(name, "%+"))
        return true;
    for (char *plus = strchr(name, '+'); plus; plus = strchr(plus, '+'))
        *plus = ' ';
    ra_buf_clear(scratch);
    if (!ra_uri_decode(scratch, name, strlen(name)))
        return false;
    memcpy(name, ra_buf_str(scratch), scratch->len + 1);
    return true;
}

static int finish_names(struct parse *p, struct ra_err *err)
{
    RA_BUF_AUTO scratch = {0};
    size_t root = strlen(p->s->root), asked = strlen(p->prefix);
    for (size_t i = 0; i < p->names.n; i++) {
        char *name = p->page->names.data + p->names.at[i];
        if (p->encoded && !decode_name(name, &scratch))
            return bad_answer(err, "a key that is not encoded as asked");
        if (strncmp(name, p->prefix, asked) != 0)
            return bad_answer(err, "a key outside of what was asked for");
        p->page->entries.at[i].name = name + root;
    }
    return 0;
}

static int finish_page(void *arg, struct ra_s3_answer *a RA_UNUSED, struct ra_err *err)
{
    struct parse *p = arg;
    if (p->rc < 0)
        return ra_err_move(err, &p->err);
    ra_xml_end(&p->xml);
    int rc = read_fields(p, err);
    if (rc == 0 && (!p->told || (p->truncated && !p->page->next)))
        rc = bad_answer(err, "no end and no continuation");
    if (rc == 0 && !p->truncated)
        free(ra_steal_ptr(&p->page->next));
    return rc < 0 ? rc : finish_names(p, err);
}

int ra_s3_page_fetch(struct ra_s3 *s, const struct ra_s3_page_query *q, struct ra_s3_page *page,
                     struct ra_err *err)
{
    ra_auto_free char *prefix = ra_asprintf("%s%s", s->root, q->prefix);
    ra_auto_free char *after = q->after && !q->token ? ra_asprintf("%s%s", s->root, q->after) : NULL;
    char max[16];
    snprintf(max, sizeof(max), "%u", q->max ? q->max : RA_S3_PAGE_MAX);
    struct parse p = {.s = s, .prefix = prefix, .page = page};
    struct ra_s3_request r = {
        .method = "GET", .verb = "list", .parse = finish_page, .take = take_piece, .arg = &p};
    r.subject = *q->prefix ? q->prefix : s->where;
    ra_s3_param(&r, "list-type", "2");
    ra_s3_param(&r, "encoding-type", "url");
    ra_s3_param(&r, "max-keys", max);
    ra_s3_param(&r, "prefix", prefix);
    ra_s3_param(&r, "delimiter", q->delimiter);
    ra_s3_param(&r, "start-after", after);
    ra_s3_param(&r, "continuation-token", q->token);
    RA_S3_ANSWER_AUTO a = {0};
    int rc = ra_s3_call(s, &r, &a, err);
    parse_release(&p);
    return rc;
}
