/*
 * One page of ListObjectsV2. Keys are asked for URL-encoded, since XML cannot carry every byte that a key may
 * hold. A page is read while it comes in, and never stands in memory as XML; of each name is kept only what it does
 * not share with the one before.
 */
#include "store/s3_http.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

/* Entries unpacked at once. */
#define PORTION 128

struct ra_s3_packed {
    struct ra_s3_packed *next;
    int64_t mtime;
    uint64_t size;
    uint32_t shared, len; /* bytes of the name that are those of the name before; that follow them */
    uint32_t escapes;     /* in the former, until they are decoded */
    bool is_prefix;
    char rest[];
};

void ra_s3_page_release(struct ra_s3_page *page)
{
    ra_arena_release(&page->packed);
    ra_arena_release(&page->names);
    ra_vec_release(&page->entries);
    ra_buf_release(&page->name);
    free(page->next);
    *page = (struct ra_s3_page){0};
}

static void clear(struct ra_s3_page *page)
{
    ra_arena_release(&page->packed);
    page->n = page->entries.n = 0;
    page->first = page->at = NULL;
    page->end = &page->first;
    ra_buf_clear(&page->name);
    free(ra_steal_ptr(&page->next));
}

/* --- packing --- */

static size_t count_escapes(const char *s, size_t n)
{
    size_t escapes = 0;
    for (size_t i = 0; i < n; i++)
        escapes += s[i] == '%';
    return escapes;
}

/* No escape is cut in two, so that what follows can be decoded by itself. */
static size_t shared_bytes(const char *before, const char *name)
{
    size_t n = 0;
    while (name[n] && before[n] == name[n])
        n++;
    if (n > 0 && name[n - 1] == '%')
        return n - 1;
    return n > 1 && name[n - 2] == '%' ? n - 2 : n;
}

/* Swaps the name with that of the entry before. */
static void pack(struct ra_s3_page *page, struct ra_buf *name, const struct ra_stat *st)
{
    const char *text = ra_buf_str(name);
    size_t shared = shared_bytes(ra_buf_str(&page->name), text), len = name->len - shared;
    struct ra_s3_packed *e = ra_arena_alloc(&page->packed, sizeof(*e) + len + 1);
    e->mtime = st->mtime;
    e->size = st->size;
    e->is_prefix = st->kind == RA_PREFIX;
    e->shared = (uint32_t)shared;
    e->escapes = (uint32_t)count_escapes(text, shared);
    e->len = (uint32_t)len;
    memcpy(e->rest, text + shared, len);
    *page->end = e;
    page->end = &e->next;
    page->n++;
    struct ra_buf before = page->name;
    page->name = *name;
    *name = before;
}

static void begin_unpacking(struct ra_s3_page *page, size_t root)
{
    page->at = page->first;
    page->root = root;
    ra_buf_clear(&page->name);
}

static struct ra_entry unpack(struct ra_s3_page *page, const struct ra_s3_packed *e)
{
    page->name.len = e->shared;
    ra_buf_add(&page->name, e->rest, e->len);
    struct ra_stat st = {.kind = e->is_prefix ? RA_PREFIX : RA_OBJECT, .size = e->size, .mtime = e->mtime};
    st.disk = st.size;
    return (struct ra_entry){
        ra_arena_strndup(&page->names, ra_buf_str(&page->name) + page->root, page->name.len - page->root),
        st};
}

bool ra_s3_page_unpack(struct ra_s3_page *page)
{
    ra_arena_release(&page->names);
    page->entries.n = 0;
    for (; page->at && page->entries.n < PORTION; page->at = page->at->next)
        *ra_vec_push(&page->entries) = unpack(page, page->at);
    return page->entries.n > 0;
}

/* --- reading --- */

struct parse {
    struct ra_s3 *s;
    const char *prefix; /* with the store's root */
    struct ra_s3_page *page;
    struct ra_xml xml;
    int rc; /* what came of the pieces, with err */
    struct ra_err err;
    struct ra_stat st;  /* of the <Contents> being read */
    struct ra_buf name; /* its name; */
    bool named;         /* there is one */
    bool encoded, truncated, told;
};

static void parse_release(struct parse *p)
{
    ra_xml_release(&p->xml);
    ra_err_release(&p->err);
    ra_buf_release(&p->name);
}

static int bad_answer(struct ra_err *err, const char *what)
{
    return ra_fail(err, RA_CORRUPT, "the server's listing has %s", what);
}

static void keep_name(struct parse *p, const char *text)
{
    ra_buf_clear(&p->name);
    ra_buf_adds(&p->name, text);
    p->named = true;
}

static void begin_entry(struct parse *p)
{
    p->st = (struct ra_stat){.size = UINT64_MAX, .mtime = RA_TIME_NONE};
    p->named = false;
}

static void end_entry(struct parse *p)
{
    pack(p->page, &p->name, &p->st);
    begin_entry(p);
}

static int take_contents(struct parse *p, const char *field, const char *text, struct ra_err *err)
{
    struct ra_stat *st = &p->st;
    if (ra_streq(field, "Key"))
        keep_name(p, text);
    else if (ra_streq(field, "Size") && !ra_parse_u64(text, &st->size))
        return bad_answer(err, "a size that is no number");
    else if (ra_streq(field, "LastModified") && !ra_time_parse(text, strlen(text), &st->mtime))
        return bad_answer(err, "a time that is none");
    return 0;
}

static int end_contents(struct parse *p, struct ra_err *err)
{
    struct ra_stat *st = &p->st;
    if (!p->named || st->mtime == RA_TIME_NONE || st->size == UINT64_MAX)
        return bad_answer(err, "an entry without key, size or time");
    /* As HEAD tells it, in whole seconds: the same object has one time, however it is asked for. */
    st->mtime -= st->mtime % RA_SECOND;
    end_entry(p);
    return 0;
}

static void take_prefix(struct parse *p, const char *text)
{
    p->st = (struct ra_stat){.kind = RA_PREFIX, .mtime = RA_TIME_NONE};
    keep_name(p, text);
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
static bool decode_rest(struct ra_s3_packed *e, struct ra_buf *scratch)
{
    e->shared -= 2 * e->escapes;
    if (!strpbrk(e->rest, "%+"))
        return true;
    for (char *plus = strchr(e->rest, '+'); plus; plus = strchr(plus, '+'))
        *plus = ' ';
    ra_buf_clear(scratch);
    if (!ra_uri_decode(scratch, e->rest, e->len))
        return false;
    e->len = (uint32_t)scratch->len;
    memcpy(e->rest, ra_buf_str(scratch), scratch->len + 1);
    return true;
}

/* What a name shares with the one before has been looked at there. */
static bool is_below(const struct ra_s3_packed *e, const char *prefix, size_t n)
{
    return e->shared >= n ||
           (e->len >= n - e->shared && memcmp(e->rest, prefix + e->shared, n - e->shared) == 0);
}

static int finish_names(struct parse *p, struct ra_err *err)
{
    RA_BUF_AUTO scratch = {0};
    size_t asked = strlen(p->prefix);
    for (struct ra_s3_packed *e = p->page->first; e; e = e->next) {
        if (p->encoded && !decode_rest(e, &scratch))
            return bad_answer(err, "a key that is not encoded as asked");
        if (!is_below(e, p->prefix, asked))
            return bad_answer(err, "a key outside of what was asked for");
    }
    begin_unpacking(p->page, strlen(p->s->root));
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
