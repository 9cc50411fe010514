#include "registry/backup.h"

#include "base/str.h"
#include "format/json.h"

static char *take_text(struct ra_json *j)
{
    struct ra_json_str s;
    return ra_json_string(j, &s) ? ra_json_str_dup(&s, NULL) : NULL;
}

static bool take_digest(struct ra_json *j, struct ra_digest *out)
{
    struct ra_json_str s;
    return ra_json_string(j, &s) && s.plain && ra_digest_parse(s.at, s.n, out);
}

/* --- the header --------------------------------------------------------------------------------------------- */

struct header {
    char *format, *kind, *scope, *critical;
    int64_t version, left_out;
    bool has_id, bad_parent;
};

static void header_release(struct header *h)
{
    free(h->format);
    free(h->kind);
    free(h->scope);
    free(h->critical);
}

static void take_parents(struct ra_json *j, struct ra_backup *b, struct header *h)
{
    if (!ra_json_open_array(j))
        return;
    while (ra_json_next_element(j))
        h->bad_parent |= !take_digest(j, ra_vec_push(&b->parents));
}

static void take_critical(struct ra_json *j, struct header *h)
{
    if (!ra_json_open_array(j))
        return;
    while (ra_json_next_element(j)) {
        free(h->critical);
        h->critical = take_text(j);
    }
}

enum header_key {
    FORMAT,
    VERSION,
    CRITICAL,
    KIND,
    SCOPE,
    CREATED,
    REGISTRY,
    ARCHIVE_ID,
    PARENTS,
    VERIFIED,
    LEFT_OUT
};

static void take_header(struct ra_json *j, int key, struct ra_backup *b, struct header *h)
{
    switch (key) {
    case FORMAT:
        free(h->format), h->format = take_text(j);
        break;
    case VERSION:
        ra_json_int(j, &h->version);
        break;
    case CRITICAL:
        take_critical(j, h);
        break;
    case KIND:
        free(h->kind), h->kind = take_text(j);
        break;
    case SCOPE:
        free(h->scope), h->scope = take_text(j);
        break;
    case CREATED:
        free(b->created), b->created = take_text(j);
        break;
    case REGISTRY:
        free(b->registry), b->registry = take_text(j);
        break;
    case ARCHIVE_ID:
        h->has_id = take_digest(j, &b->id);
        break;
    case PARENTS:
        take_parents(j, b, h);
        break;
    case VERIFIED:
        ra_json_bool(j, &b->verified);
        break;
    case LEFT_OUT:
        ra_json_int(j, &h->left_out);
        break;
    default:
        ra_json_skip(j);
    }
}

static int judge_header(struct ra_backup *b, const struct header *h, struct ra_err *err)
{
    if (!h->format || !ra_streq(h->format, RA_BACKUP_FORMAT))
        return ra_fail(err, RA_UNSUPPORTED, "it is no header of a backup");
    if (h->version != RA_BACKUP_VERSION)
        return ra_hint(err,
                       ra_fail(err, RA_UNSUPPORTED, "the backup has version %lld", (long long)h->version),
                       "this regadm reads version %d", RA_BACKUP_VERSION);
    if (h->critical)
        return ra_fail(err, RA_UNSUPPORTED, "the backup uses '%.100s', which this regadm does not know",
                       h->critical);
    if (!h->has_id || h->bad_parent || !h->kind ||
        (!ra_streq(h->kind, "full") && !ra_streq(h->kind, "increment")))
        return ra_fail(err, RA_CORRUPT, "the header is not complete");
    b->kind = ra_streq(h->kind, "full") ? RA_BACKUP_FULL : RA_BACKUP_INCREMENT;
    b->left_out = h->left_out > 0 ? (uint64_t)h->left_out : 0;
    b->selection = h->scope && ra_streq(h->scope, "selection");
    return 0;
}

int ra_backup_parse_header(struct ra_backup *b, const void *bytes, size_t n, struct ra_err *err)
{
    static const struct ra_json_name names[] = {
        RA_JSON_NAME("format"),   RA_JSON_NAME("version"),    RA_JSON_NAME("critical"),
        RA_JSON_NAME("kind"),     RA_JSON_NAME("scope"),      RA_JSON_NAME("created"),
        RA_JSON_NAME("registry"), RA_JSON_NAME("archive_id"), RA_JSON_NAME("parents"),
        RA_JSON_NAME("verified"), RA_JSON_NAME("left_out")};
    __attribute__((cleanup(header_release))) struct header h = {.version = -1};
    struct ra_json j;
    struct ra_json_str key;
    ra_json_init(&j, bytes, n);
    if (ra_json_open_object(&j))
        while (ra_json_next_member(&j, &key))
            take_header(&j, ra_json_key(&key, names, RA_COUNT(names)), b, &h);
    int rc = ra_json_finish(&j, err);
    return rc < 0 ? rc : judge_header(b, &h, err);
}

int ra_backup_parse_end(struct ra_backup_end *out, const void *bytes, size_t n, struct ra_err *err)
{
    static const struct ra_json_name names[] = {RA_JSON_NAME("complete"), RA_JSON_NAME("members"),
                                                RA_JSON_NAME("bytes"), RA_JSON_NAME("catalog"),
                                                RA_JSON_NAME("index")};
    bool complete = false, catalog = false, index = false;
    int64_t members = -1, size = -1;
    struct ra_json j;
    struct ra_json_str key;
    ra_json_init(&j, bytes, n);
    bool object = ra_json_open_object(&j);
    while (object && ra_json_next_member(&j, &key)) {
        int which = ra_json_key(&key, names, RA_COUNT(names));
        if (which == 0)
            ra_json_bool(&j, &complete);
        else if (which == 1)
            ra_json_int(&j, &members);
        else if (which == 2)
            ra_json_int(&j, &size);
        else if (which == 3)
            catalog = take_digest(&j, &out->catalog);
        else if (which == 4)
            index = take_digest(&j, &out->index);
        else
            ra_json_skip(&j);
    }
    int rc = ra_json_finish(&j, err);
    if (rc < 0)
        return rc;
    if (!complete || !catalog || !index || members < 0 || size < 0)
        return ra_fail(err, RA_CORRUPT, "the end record is not complete");
    out->members = (uint64_t)members;
    out->bytes = (uint64_t)size;
    return 0;
}

/* --- the catalogue ------------------------------------------------------------------------------------------ */

struct ra_backup_reader {
    struct ra_backup *b;
    struct ra_hasher *hasher;
    struct ra_buf line;
    uint64_t lines;
};

struct ra_backup_reader *ra_backup_reader_new(struct ra_backup *into)
{
    struct ra_backup_reader *r = ra_new(struct ra_backup_reader);
    r->b = into;
    r->hasher = ra_hasher_new(RA_SHA256);
    return r;
}

void ra_backup_reader_free(struct ra_backup_reader *r)
{
    if (!r)
        return;
    ra_hasher_free(r->hasher);
    ra_buf_release(&r->line);
    free(r);
}

enum fields {
    T = 1,
    REPO = 2,
    NAME = 4,
    DIGEST = 8,
    TYPE = 16,
    SUBJECT = 32,
    SIZE = 64,
    IN = 128,
    OFF = 256
};

struct fields_read {
    unsigned has;
    char type[16];
    uint32_t repo, name, media_type;
    struct ra_digest digest, subject;
    int64_t size, in, off;
};

/* A name of at most 4096 bytes, without NUL: its number. */
static bool take_name(struct ra_json *j, struct ra_backup *b, uint32_t *out)
{
    struct ra_json_str s;
    char text[4097];
    if (!ra_json_string(j, &s))
        return false;
    size_t n = ra_json_decode(&s, text, sizeof(text));
    if (n == 0 || n >= sizeof(text) || strlen(text) != n)
        return false;
    *out = ra_names_add(&b->names, text, n, NULL);
    return true;
}

static bool take_field(struct ra_json *j, unsigned field, struct ra_backup *b, struct fields_read *f)
{
    struct ra_json_str s;
    switch (field) {
    case T:
        return ra_json_string(j, &s) && ra_json_decode(&s, f->type, sizeof(f->type)) < sizeof(f->type);
    case REPO:
        return take_name(j, b, &f->repo);
    case NAME:
        return take_name(j, b, &f->name);
    case DIGEST:
        return take_digest(j, &f->digest);
    case TYPE:
        return take_name(j, b, &f->media_type);
    case SUBJECT:
        return take_digest(j, &f->subject);
    case SIZE:
        return ra_json_int(j, &f->size) && f->size >= 0 && f->size <= RA_BACKUP_BLOB_MAX;
    case IN:
        return ra_json_int(j, &f->in) && (f->in == 0 || f->in == 1);
    default:
        return ra_json_int(j, &f->off) && f->off >= 0;
    }
}

static bool read_fields(struct ra_json *j, struct ra_backup *b, struct fields_read *f)
{
    static const struct ra_json_name names[] = {
        RA_JSON_NAME("t"),      RA_JSON_NAME("repo"),      RA_JSON_NAME("name"),
        RA_JSON_NAME("digest"), RA_JSON_NAME("mediaType"), RA_JSON_NAME("subject"),
        RA_JSON_NAME("size"),   RA_JSON_NAME("in"),        RA_JSON_NAME("off")};
    struct ra_json_str key;
    if (!ra_json_open_object(j))
        return false;
    while (ra_json_next_member(j, &key)) {
        int which = ra_json_key(&key, names, RA_COUNT(names));
        if (which < 0) {
            ra_json_skip(j);
            continue;
        }
        if (!take_field(j, 1u << which, b, f))
            return false;
        f->has |= 1u << which;
    }
    return ra_json_finish(j, NULL) == 0;
}

static bool has(const struct fields_read *f, unsigned wanted)
{
    return (f->has & wanted) == wanted;
}

static bool add_blob(struct ra_backup *b, const struct fields_read *f)
{
    uint32_t number = ra_backup_digest(b, &f->digest);
    struct ra_backup_blob *blob = &b->blobs.at[number];
    if (blob->listed || (f->in && !has(f, OFF)))
        return false;
    *blob = (struct ra_backup_blob){.size = (uint64_t)f->size, .listed = true, .in = f->in};
    return true;
}

static bool add_line(struct ra_backup *b, const struct fields_read *f)
{
    if (ra_streq(f->type, "blob"))
        return has(f, DIGEST | SIZE | IN) && add_blob(b, f);
    if (!has(f, REPO))
        return false;
    if (ra_streq(f->type, "repo"))
        return *ra_vec_push(&b->repos) = f->repo, true;
    if (!has(f, DIGEST))
        return false;
    uint32_t digest = ra_backup_digest(b, &f->digest);
    if (ra_streq(f->type, "layerlink"))
        return *ra_vec_push(&b->layers) = (struct ra_backup_layer){f->repo, digest}, true;
    if (ra_streq(f->type, "rev")) {
        uint32_t subject = has(f, SUBJECT) ? ra_backup_digest(b, &f->subject) : RA_NONE;
        uint32_t media_type = has(f, TYPE) ? f->media_type : RA_NO_NAME;
        *ra_vec_push(&b->revs) = (struct ra_backup_rev){f->repo, digest, media_type, subject};
        return true;
    }
    if (!has(f, NAME))
        return false;
    struct ra_backup_tag tag = {f->repo, f->name, digest};
    if (ra_streq(f->type, "tag"))
        return *ra_vec_push(&b->tags) = tag, true;
    return ra_streq(f->type, "was") && (*ra_vec_push(&b->history) = tag, true);
}

static int take_line(struct ra_backup_reader *r, const char *p, size_t n, struct ra_err *err)
{
    struct fields_read f = {0};
    struct ra_json j;
    r->lines++;
    ra_json_init(&j, p, n);
    if (read_fields(&j, r->b, &f) && has(&f, T) && add_line(r->b, &f))
        return 0;
    return ra_fail(err, RA_CORRUPT, "line %llu of the catalogue makes no sense",
                   (unsigned long long)r->lines);
}

int ra_backup_reader_write(struct ra_backup_reader *r, const void *p, size_t n, struct ra_err *err)
{
    const char *at = p, *end = at + n;
    ra_hasher_update(r->hasher, p, n);
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline ? newline : end) - at);
        if (r->line.len + len > RA_BACKUP_LINE_MAX)
            return ra_fail(err, RA_TOOBIG, "line %llu of the catalogue is too long",
                           (unsigned long long)r->lines + 1);
        if (newline && r->line.len == 0) {
            int rc = take_line(r, at, len, err);
            if (rc < 0)
                return rc;
        } else {
            ra_buf_add(&r->line, at, len);
        }
        if (newline && r->line.len) {
            int rc = take_line(r, r->line.data, r->line.len, err);
            ra_buf_clear(&r->line);
            if (rc < 0)
                return rc;
        }
        at = newline ? newline + 1 : end;
    }
    return 0;
}

/* Whatever a name points to must be in the archive, or be presupposed by it. */
static int check_listed(const struct ra_backup *b, uint32_t digest, struct ra_err *err)
{
    char text[RA_DIGEST_TEXT];
    if (b->blobs.at[digest].listed)
        return 0;
    return ra_fail(err, RA_CORRUPT, "the catalogue refers to %s, and does not list it",
                   ra_digest_text(RA_DIGEST_AT(&b->digests, digest), text));
}

int ra_backup_reader_finish(struct ra_backup_reader *r, struct ra_err *err)
{
    struct ra_digest id;
    struct ra_backup *b = r->b;
    int rc = 0;
    ra_hasher_final(r->hasher, &id);
    if (r->line.len || !ra_digest_eq(&id, &b->id))
        return ra_fail(err, RA_CORRUPT, "the catalogue is not the one that the header names");
    for (size_t i = 0; i < b->tags.n && rc == 0; i++)
        rc = check_listed(b, b->tags.at[i].digest, err);
    for (size_t i = 0; i < b->revs.n && rc == 0; i++)
        rc = check_listed(b, b->revs.at[i].digest, err);
    for (size_t i = 0; i < b->layers.n && rc == 0; i++)
        rc = check_listed(b, b->layers.at[i].digest, err);
    return rc;
}

int ra_backup_read_catalog(struct ra_backup *into, struct ra_tar *tar, struct ra_err *err)
{
    RA_AUTO_PTR(ra_backup_reader) reader = ra_backup_reader_new(into);
    char piece[16384];
    ssize_t n;
    while ((n = ra_tar_read(tar, piece, sizeof(piece), err)) > 0) {
        int rc = ra_backup_reader_write(reader, piece, (size_t)n, err);
        if (rc < 0)
            return rc;
    }
    return n < 0 ? (int)n : ra_backup_reader_finish(reader, err);
}
