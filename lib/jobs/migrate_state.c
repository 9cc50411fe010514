/*
 * A text file, a header and a line a layer, only ever appended to: a line that a crash cut off is ignored, and the
 * next one begins behind it. Sizes and times of layer and metadata tell whether a line still holds.
 */
#include "jobs/migrate_parts.h"

#include "base/file.h"
#include "base/num.h"

#include <fcntl.h>
#include <inttypes.h>

#define STATE_MAX ((size_t)2 << 30)
#define HEADER    "regadm migrate-v1 state 2, of "
#define NOTHING   "-"
#define FORMAT_OUT \
    "%s %" PRIu64 " %" PRIu64 " %s %s %s %s %s %" PRIu64 " %" PRIu64 " %s %d %d %s %" PRIu64 "\n"

struct known { /* one line */
    uint64_t size;
    int64_t mtime;
    struct ra_digest json;
    struct ra_mig_facts facts;
    struct ra_blob_id gzip; /* what it was compressed to; size 0: it was not */
};

struct ra_mig_state {
    pthread_mutex_t mutex;
    char *path, *source;
    struct ra_names ids;
    RA_VEC(struct known) known; /* by number in ids */
    struct ra_buf added;
    bool dry_run, fresh, torn; /* torn: the file does not end with a newline */
};

void ra_mig_state_close(struct ra_mig_state *s)
{
    if (!s)
        return;
    free(s->path);
    free(s->source);
    ra_names_release(&s->ids);
    ra_vec_release(&s->known);
    ra_buf_release(&s->added);
    free(s);
}

/* --- reading ------------------------------------------------------------------------------------------------ */

static bool parse_hex(const char *hex, struct ra_digest *out)
{
    return ra_digest_parse_hex(RA_SHA256, hex, strlen(hex), out);
}

/* "-" is none. */
static bool parse_maybe(const char *hex, bool *has, struct ra_digest *out)
{
    *has = !ra_streq(hex, NOTHING);
    return !*has || parse_hex(hex, out);
}

static bool parse_encoding(const char *name, enum ra_encoding *out)
{
    for (*out = RA_PLAIN; *out <= RA_BZIP2; (*out)++)
        if (ra_streq(name, ra_encoding_name(*out)))
            return true;
    return false;
}

static bool parse_flag(const char *text, bool *out)
{
    *out = ra_streq(text, "1");
    return *out || ra_streq(text, "0");
}

enum {
    ID,
    SIZE,
    MTIME,
    JSON,
    STORED,
    DIFF,
    SIMPLE,
    TARSUM,
    UNPACKED,
    TRAILING,
    ENCODING,
    EMPTY,
    NO_END,
    GZIP,
    GZIP_SIZE,
    FIELDS
};

static bool split(char *line, const char *fields[static FIELDS])
{
    size_t n = 0;
    for (char *at = line; at; n++) {
        if (n == FIELDS)
            return false;
        fields[n] = at;
        at = strchr(at, ' ');
        if (at)
            *at++ = '\0';
    }
    return n == FIELDS;
}

static bool parse_line(char *line, const char **id, struct known *k)
{
    const char *f[FIELDS];
    struct ra_mig_facts *facts = &k->facts;
    uint64_t mtime;
    bool has_gzip;
    *k = (struct known){0};
    if (!split(line, f) || !ra_v1_id_valid(f[ID], strlen(f[ID])) || !ra_parse_u64(f[SIZE], &k->size) ||
        !ra_parse_u64(f[MTIME], &mtime) || !parse_hex(f[JSON], &k->json))
        return false;
    *id = f[ID];
    k->mtime = (int64_t)mtime;
    facts->size = k->size;
    return parse_hex(f[STORED], &facts->stored) && parse_hex(f[DIFF], &facts->diff_id) &&
           parse_maybe(f[SIMPLE], &facts->has_simple, &facts->simple) &&
           parse_maybe(f[TARSUM], &facts->has_tarsum, &facts->tarsum) &&
           ra_parse_u64(f[UNPACKED], &facts->unpacked) && ra_parse_u64(f[TRAILING], &facts->trailing) &&
           parse_encoding(f[ENCODING], &facts->encoding) && parse_flag(f[EMPTY], &facts->empty) &&
           parse_flag(f[NO_END], &facts->no_end) && parse_maybe(f[GZIP], &has_gzip, &k->gzip.digest) &&
           ra_parse_u64(f[GZIP_SIZE], &k->gzip.size);
}

/* The later line of two counts. */
static void learn(struct ra_mig_state *s, const char *id, const struct known *k)
{
    bool fresh;
    uint32_t i = ra_names_add(&s->ids, id, strlen(id), &fresh);
    if (fresh)
        ra_vec_push(&s->known);
    s->known.at[i] = *k;
}

static void read_lines(struct ra_mig_state *s, char *text)
{
    const char *id;
    struct known k;
    for (char *end; (end = strchr(text, '\n')); text = end + 1) {
        *end = '\0';
        if (parse_line(text, &id, &k))
            learn(s, id, &k);
    }
    s->torn = *text;
}

static int load(struct ra_mig_state *s, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    int rc = ra_file_read(s->path, STATE_MAX, &text, err);
    s->fresh = rc == -RA_NOTFOUND || (rc == 0 && text.len == 0);
    if (s->fresh)
        return ra_err_clear(err), 0;
    if (rc < 0)
        return rc;
    if (!ra_starts_with(text.data, HEADER))
        return ra_fail(err, RA_USAGE, "'%s' is no state of migrate-v1, and is left as it is", s->path);
    char *line = text.data + strlen(HEADER), *end = strchr(line, '\n');
    if (!end || (size_t)(end - line) != strlen(s->source) ||
        strncmp(line, s->source, strlen(s->source)) != 0) {
        rc = ra_fail(err, RA_USAGE, "'%s' is the state of another migration, of %.*s", s->path,
                     (int)strcspn(line, "\n"), line);
        return ra_hint(err, rc, "take a file of its own for each old registry: ids mean nothing elsewhere");
    }
    read_lines(s, end + 1);
    return 0;
}

int ra_mig_state_open(const char *path, const char *source, bool dry_run, struct ra_mig_state **out,
                      struct ra_err *err)
{
    struct ra_mig_state *s = ra_new(struct ra_mig_state);
    pthread_mutex_init(&s->mutex, NULL);
    s->path = ra_strdup(path);
    s->source = ra_strdup(source);
    s->dry_run = dry_run;
    *out = s;
    return load(s, err);
}

static struct ra_digest digest_of(const struct ra_buf *b)
{
    struct ra_digest d;
    ra_digest_of(RA_SHA256, ra_buf_str(b), b->len, &d);
    return d;
}

bool ra_mig_state_find(struct ra_mig_state *s, const struct ra_migrate_opts *opts,
                       const struct ra_mig_image *image, const struct ra_buf *json,
                       struct ra_mig_facts *facts, struct ra_blob_id *blob)
{
    if (!s)
        return false;
    struct ra_digest now = digest_of(json);
    RA_LOCKED(&s->mutex);
    uint32_t i = ra_names_find(&s->ids, image->id, strlen(image->id));
    if (i == RA_NO_NAME)
        return false;
    const struct known *k = &s->known.at[i];
    bool keep = ra_mig_facts_keep(&k->facts, opts->plain);
    if (k->size != image->size || k->mtime != image->mtime || !ra_digest_eq(&k->json, &now) ||
        (ra_mig_wants_tarsum(image) && !k->facts.has_tarsum) ||
        (opts->limit && k->facts.unpacked > opts->limit) || (!keep && !k->facts.empty && !k->gzip.size))
        return false;
    *facts = k->facts;
    *blob = keep ? (struct ra_blob_id){k->facts.stored, k->size} : k->gzip;
    return true;
}

/* --- writing ------------------------------------------------------------------------------------------------ */

void ra_mig_state_add(struct ra_mig_state *s, const struct ra_mig_image *image, const struct ra_buf *json)
{
    if (!s || s->dry_run)
        return;
    const struct ra_mig_facts *f = &image->facts;
    struct ra_digest now = digest_of(json);
    bool compressed = !ra_digest_eq(&image->blob.digest, &f->stored);
    char j[RA_DIGEST_TEXT], stored[RA_DIGEST_TEXT], diff[RA_DIGEST_TEXT], simple[RA_DIGEST_TEXT],
        tarsum[RA_DIGEST_TEXT], gzip[RA_DIGEST_TEXT];
    RA_LOCKED(&s->mutex);
    ra_buf_addf(&s->added, FORMAT_OUT, image->id, f->size, (uint64_t)image->mtime, ra_digest_hex(&now, j),
                ra_digest_hex(&f->stored, stored), ra_digest_hex(&f->diff_id, diff),
                f->has_simple ? ra_digest_hex(&f->simple, simple) : NOTHING,
                f->has_tarsum ? ra_digest_hex(&f->tarsum, tarsum) : NOTHING, f->unpacked, f->trailing,
                ra_encoding_name(f->encoding), f->empty, f->no_end,
                compressed ? ra_digest_hex(&image->blob.digest, gzip) : NOTHING,
                compressed ? image->blob.size : (uint64_t)0);
}

static int append(struct ra_mig_state *s, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    ra_auto_fd int fd = open(s->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return ra_fail_sys(err, "cannot write '%s'", s->path);
    if (s->fresh)
        ra_buf_addf(&text, HEADER "%s\n", s->source);
    else if (s->torn)
        ra_buf_addc(&text, '\n');
    ra_buf_add(&text, s->added.data, s->added.len);
    int rc = ra_fd_write_all(fd, s->path, text.data, text.len, err);
    if (rc == 0 && fsync(fd))
        rc = ra_fail_sys(err, "cannot write '%s'", s->path);
    if (rc == 0)
        s->fresh = s->torn = false;
    return rc;
}

int ra_mig_state_save(struct ra_mig_state *s, struct ra_err *err)
{
    if (!s || s->dry_run || !s->added.len)
        return 0;
    int rc = append(s, err);
    ra_buf_clear(&s->added);
    return rc;
}
