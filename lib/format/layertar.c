#include "format/layertar.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/pool.h"
#include "format/decompress.h"
#include "format/libarchive.h"

#include <sys/stat.h>

/* What libarchive is given at a time: so closely the limits are kept. */
#define PIECE ((size_t)128 << 10)

struct ra_layertar {
    struct ra_decoder *decoder;
    const struct ra_libarchive *lib;
    struct archive *archive;
    const uint8_t *left; /* of what the decoder lent */
    size_t n_left;
    uint64_t total, limit; /* bytes given; how many may be given before libarchive returns */
    struct ra_err failed;  /* what stopped the bytes */
    bool any;              /* there was a member */
    uint64_t size, given;  /* of the current file */
    const uint8_t *block;  /* what libarchive lent of it, */
    size_t n_block;
    uint64_t at; /* and where that belongs */
    bool file_ended;
};

/* --- bytes for libarchive ----------------------------------------------------------- */

static int refill(struct ra_layertar *t, struct ra_err *err)
{
    const void *p = NULL;
    int rc = t->n_left ? 0 : ra_check_cancelled(err);
    if (rc < 0 || t->n_left)
        return rc;
    ssize_t n = ra_decoder_next(t->decoder, &p, err);
    if (n < 0)
        return (int)n;
    t->left = n ? p : "";
    t->n_left = (size_t)n;
    return 0;
}

static int take_piece(struct ra_layertar *t, const void **p, size_t *n, struct ra_err *err)
{
    if (t->total >= RA_LAYERTAR_MAX)
        return ra_fail(err, RA_TOOBIG, "it unpacks to more than %llu bytes",
                       (unsigned long long)RA_LAYERTAR_MAX);
    if (t->total >= t->limit)
        return ra_fail(err, RA_TOOBIG, "the headers of a file in it are longer than %llu bytes",
                       (unsigned long long)RA_LAYERTAR_HEADERS);
    int rc = refill(t, err);
    if (rc < 0)
        return rc;
    *p = t->left;
    *n = t->n_left < PIECE ? t->n_left : PIECE;
    t->left += *n;
    t->n_left -= *n;
    t->total += *n;
    return 0;
}

static la_ssize_t give(struct archive *a, void *arg, const void **p)
{
    struct ra_layertar *t = arg;
    size_t n;
    if (take_piece(t, p, &n, &t->failed) == 0)
        return (la_ssize_t)n;
    t->lib->set_error(a, EIO, "no more bytes");
    return ARCHIVE_FATAL;
}

static int trouble(struct ra_layertar *t, const char *what, struct ra_err *err)
{
    if (t->failed.code)
        return ra_err_move(err, &t->failed);
    if (!t->any)
        return ra_fail(err, RA_CORRUPT, "it is no tar archive");
    const char *why = t->lib->error_string(t->archive);
    return ra_fail(err, RA_CORRUPT, "%s: %s", what, why ? why : "no reason given");
}

static int start(struct ra_layertar *t, struct ra_err *err)
{
    t->archive = t->lib->read_new();
    if (!t->archive || t->lib->read_support_format_tar(t->archive) != ARCHIVE_OK ||
        t->lib->read_support_format_empty(t->archive) != ARCHIVE_OK)
        return ra_fail(err, RA_UNSUPPORTED, "libarchive cannot read tar");
    t->limit = RA_LAYERTAR_HEADERS;
    if (t->lib->read_open(t->archive, t, NULL, give, NULL) != ARCHIVE_OK)
        return trouble(t, "cannot begin", err);
    return 0;
}

int ra_layertar_open(const struct ra_source *from, struct ra_layertar **out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_layertar) t = ra_new(struct ra_layertar);
    t->lib = ra_libarchive_load(err);
    int rc = t->lib ? ra_decoder_open(from, &t->decoder, err) : -RA_UNSUPPORTED;
    if (rc == 0)
        rc = start(t, err);
    if (rc == 0)
        *out = ra_steal_ptr(&t);
    return rc;
}

void ra_layertar_close(struct ra_layertar *t)
{
    if (!t)
        return;
    if (t->archive)
        t->lib->read_free(t->archive);
    ra_decoder_free(t->decoder);
    ra_err_release(&t->failed);
    free(t);
}

/* --- members ----------------------------------------------------------- */

static enum ra_member_kind kind_of(const struct ra_libarchive *lib, struct archive_entry *e)
{
    if (lib->entry_hardlink(e))
        return RA_MEMBER_HARDLINK;
    switch (lib->entry_filetype(e)) {
    case AE_IFREG:
        return RA_MEMBER_FILE;
    case AE_IFDIR:
        return RA_MEMBER_FOLDER;
    case AE_IFLNK:
        return RA_MEMBER_SYMLINK;
    case AE_IFBLK:
        return RA_MEMBER_BLOCK;
    case AE_IFCHR:
        return RA_MEMBER_CHARACTER;
    case AE_IFIFO:
        return RA_MEMBER_FIFO;
    default:
        return RA_MEMBER_OTHER;
    }
}

static const char *text(const char *s)
{
    return s ? s : "";
}

static int64_t mtime_of(const struct ra_libarchive *lib, struct archive_entry *e)
{
    int64_t ns;
    if (!lib->entry_mtime_is_set(e) || __builtin_mul_overflow((int64_t)lib->entry_mtime(e), RA_SECOND, &ns) ||
        __builtin_add_overflow(ns, (int64_t)lib->entry_mtime_nsec(e), &ns))
        return RA_TIME_NONE;
    return ns;
}

static void describe(const struct ra_libarchive *lib, struct archive_entry *e, struct ra_member *out)
{
    *out = (struct ra_member){.kind = kind_of(lib, e),
                              .name = text(lib->entry_pathname(e)),
                              .link = "",
                              .mode = (uint32_t)lib->entry_perm(e),
                              .uid = lib->entry_uid(e),
                              .gid = lib->entry_gid(e),
                              .mtime = mtime_of(lib, e)};
    if (out->kind == RA_MEMBER_HARDLINK)
        out->link = text(lib->entry_hardlink(e));
    else if (out->kind == RA_MEMBER_SYMLINK)
        out->link = text(lib->entry_symlink(e));
    if (out->kind == RA_MEMBER_FILE && lib->entry_size(e) > 0)
        out->size = (uint64_t)lib->entry_size(e);
}

static int next_header(struct ra_layertar *t, struct archive_entry **e)
{
    t->limit = RA_LAYERTAR_MAX;
    int rc = t->any && !t->file_ended ? t->lib->read_data_skip(t->archive) : ARCHIVE_OK;
    if (rc != ARCHIVE_OK && rc != ARCHIVE_EOF && rc != ARCHIVE_WARN)
        return rc;
    t->limit = t->total + RA_LAYERTAR_HEADERS;
    return t->lib->read_next_header(t->archive, e);
}

int ra_layertar_next(struct ra_layertar *t, struct ra_member *out, struct ra_err *err)
{
    struct archive_entry *e = NULL;
    locale_t before = t->lib->utf8 ? uselocale(t->lib->utf8) : (locale_t)0;
    int rc = next_header(t, &e);
    if (rc == ARCHIVE_OK || rc == ARCHIVE_WARN)
        describe(t->lib, e, out);
    if (before)
        uselocale(before);
    t->n_block = 0;
    t->given = t->at = t->size = 0;
    t->file_ended = false;
    if (rc == ARCHIVE_EOF && !t->failed.code)
        return 0;
    /* Also when libarchive could go on at the next block: what is damaged is damaged. */
    if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
        return trouble(t, "damaged tar", err);
    t->any = true;
    t->size = out->size;
    return 1;
}

/* --- their bytes ----------------------------------------------------------- */

static const uint8_t zeroes[PIECE];

static ssize_t lend(struct ra_layertar *t, const void **p, const uint8_t *from, uint64_t n)
{
    *p = from;
    t->given += n;
    return (ssize_t)n;
}

/* Up to `end`, which lies ahead. */
static ssize_t lend_hole(struct ra_layertar *t, const void **p, uint64_t end)
{
    uint64_t n = end - t->given;
    return lend(t, p, zeroes, n < PIECE ? n : PIECE);
}

static int next_block(struct ra_layertar *t, struct ra_err *err)
{
    const void *p;
    la_int64_t at = 0;
    t->limit = t->total + RA_LAYERTAR_HEADERS;
    int rc = t->lib->read_data_block(t->archive, &p, &t->n_block, &at);
    if (rc == ARCHIVE_EOF) {
        t->n_block = 0;
        t->file_ended = true;
        return 0;
    }
    if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
        return trouble(t, "damaged tar", err);
    t->block = p;
    t->at = (uint64_t)at;
    if (at < 0 || t->at < t->given || t->at > t->size || t->n_block > t->size - t->at)
        return ra_fail(err, RA_CORRUPT, "damaged tar: a sparse file whose parts do not fit");
    return 0;
}

ssize_t ra_layertar_data(struct ra_layertar *t, const void **p, struct ra_err *err)
{
    int rc = 0;
    while (rc == 0 && t->n_block == 0 && !t->file_ended && t->given < t->size)
        rc = next_block(t, err);
    if (rc < 0)
        return rc;
    if (t->n_block && t->at > t->given)
        return lend_hole(t, p, t->at);
    if (t->n_block) {
        size_t n = t->n_block;
        t->n_block = 0;
        return lend(t, p, t->block, n);
    }
    return t->given < t->size ? lend_hole(t, p, t->size) : 0;
}

int ra_layertar_drain(struct ra_layertar *t, struct ra_err *err)
{
    const void *p;
    size_t n = 1;
    int rc = 0;
    t->limit = RA_LAYERTAR_MAX;
    while (rc == 0 && n)
        rc = take_piece(t, &p, &n, err);
    return rc;
}
