/*
 * One page of ListObjectsV2. Keys are asked for URL-encoded, since XML cannot carry every byte that a key may
 * hold.
 */
#include "store/s3_http.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

void ra_s3_page_release(struct ra_s3_page *page)
{
    ra_arena_release(&page->names);
    ra_vec_release(&page->entries);
    free(page->next);
    *page = (struct ra_s3_page){0};
}

struct parse {
    struct ra_s3 *s;
    const char *prefix; /* with the store's root */
    struct ra_s3_page *page;
    struct ra_entry entry; /* of the <Contents> being read; name NULL: none yet */
    bool encoded, truncated, told;
};

static int bad_answer(struct ra_err *err, const char *what)
{
    return ra_fail(err, RA_CORRUPT, "the server's listing has %s", what);
}

static int take_contents(struct parse *p, const char *field, const char *text, struct ra_err *err)
{
    struct ra_entry *e = &p->entry;
    if (ra_streq(field, "Key"))
        e->name = ra_arena_strdup(&p->page->names, text);
    else if (ra_streq(field, "Size") && !ra_parse_u64(text, &e->st.size))
        return bad_answer(err, "a size that is no number");
    else if (ra_streq(field, "LastModified") && !ra_time_parse(text, strlen(text), &e->st.mtime))
        return bad_answer(err, "a time that is none");
    return 0;
}

static int end_contents(struct parse *p, struct ra_err *err)
{
    if (!p->entry.name || p->entry.st.mtime == RA_TIME_NONE || p->entry.st.size == UINT64_MAX)
        return bad_answer(err, "an entry without key, size or time");
    p->entry.st.disk = p->entry.st.size;
    /* As HEAD tells it, in whole seconds: the same object has one time, however it is asked for. */
    p->entry.st.mtime -= p->entry.st.mtime % RA_SECOND;
    *ra_vec_push(&p->page->entries) = p->entry;
    p->entry = (struct ra_entry){.st = {.size = UINT64_MAX, .mtime = RA_TIME_NONE}};
    return 0;
}

static int take_field(struct parse *p, const char *field, const char *text, struct ra_err *err)
{
    if (ra_starts_with(field, "Contents/"))
        return take_contents(p, field + strlen("Contents/"), text, err);
    if (ra_streq(field, "Contents"))
        return end_contents(p, err);
    if (ra_streq(field, "CommonPrefixes/Prefix"))
        *ra_vec_push(&p->page->entries) = (struct ra_entry){ra_arena_strdup(&p->page->names, text),
                                                            {.kind = RA_PREFIX, .mtime = RA_TIME_NONE}};
    else if (ra_streq(field, "EncodingType"))
        p->encoded = ra_streq(text, "url");
    else if (ra_streq(field, "IsTruncated"))
        p->told = (p->truncated = ra_streq(text, "true")) || ra_streq(text, "false");
    else if (ra_streq(field, "NextContinuationToken") && *text && !p->page->next)
        p->page->next = ra_strdup(text);
    return 0;
}

/* Here '+' stands for a blank, as in forms; servers that write %20 write %2B for a plus. */
static bool decode_name(struct parse *p, struct ra_buf *scratch, const char **name)
{
    ra_auto_free char *text = ra_strdup(*name);
    for (char *plus = strchr(text, '+'); plus; plus = strchr(plus, '+'))
        *plus = ' ';
    ra_buf_clear(scratch);
    if (!ra_uri_decode(scratch, text, strlen(text)))
        return false;
    *name = ra_arena_strndup(&p->page->names, ra_buf_str(scratch), scratch->len);
    return true;
}

static int finish_names(struct parse *p, struct ra_err *err)
{
    RA_BUF_AUTO scratch = {0};
    size_t root = strlen(p->s->root), asked = strlen(p->prefix);
    ra_vec_each (e, &p->page->entries) {
        bool plain = !strpbrk(e->name, "%+");
        if (p->encoded && !plain && !decode_name(p, &scratch, &e->name))
            return bad_answer(err, "a key that is not encoded as asked");
        if (strncmp(e->name, p->prefix, asked) != 0)
            return bad_answer(err, "a key outside of what was asked for");
        e->name += root;
    }
    return 0;
}

static int parse_page(void *arg, struct ra_s3_answer *a, struct ra_err *err)
{
    struct parse *p = arg;
    struct ra_xml x;
    ra_s3_page_release(p->page);
    p->encoded = p->truncated = p->told = false;
    p->entry = (struct ra_entry){.st = {.size = UINT64_MAX, .mtime = RA_TIME_NONE}};
    ra_xml_init(&x, ra_buf_str(&a->body), a->body.len);
    int rc = 0, more;
    while (rc == 0 && (more = ra_xml_next(&x, err)) != 0) {
        if (more < 0)
            rc = more;
        else if (ra_starts_with(x.path, "ListBucketResult/"))
            rc = take_field(p, x.path + strlen("ListBucketResult/"), x.text, err);
        else if (!ra_streq(x.path, "ListBucketResult"))
            rc = bad_answer(err, "something else in its place");
    }
    ra_xml_release(&x);
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
    struct ra_s3_request r = {.method = "GET", .verb = "list", .parse = parse_page, .arg = &p};
    r.subject = *q->prefix ? q->prefix : s->where;
    ra_s3_param(&r, "list-type", "2");
    ra_s3_param(&r, "encoding-type", "url");
    ra_s3_param(&r, "max-keys", max);
    ra_s3_param(&r, "prefix", prefix);
    ra_s3_param(&r, "delimiter", q->delimiter);
    ra_s3_param(&r, "start-after", after);
    ra_s3_param(&r, "continuation-token", q->token);
    RA_S3_ANSWER_AUTO a = {0};
    return ra_s3_call(s, &r, &a, err);
}
