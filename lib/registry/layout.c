#include "registry/layout.h"

#include "base/str.h"

#include <assert.h>
#include <stdarg.h>

RA_PRINTF(2, 3) static const char *build(struct ra_key *k, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(k->s, sizeof(k->s), fmt, args);
    va_end(args);
    assert(n > 0 && (size_t)n < sizeof(k->s));
    (void)n;
    return k->s;
}

static size_t add(struct ra_key *k, size_t at, const char *s)
{
    size_t n = strlen(s);
    assert(at + n < sizeof(k->s));
    memcpy(k->s + at, s, n + 1);
    return at + n;
}

/* Marking builds hundreds of thousands of keys: these are put together without printf. */
static const char *digest_key(struct ra_key *k, size_t at, const struct ra_digest *d, const char *tail)
{
    char hex[RA_DIGEST_TEXT];
    ra_digest_hex(d, hex);
    at = add(k, at, ra_alg_name((enum ra_alg)d->alg));
    at = add(k, at, "/");
    at = add(k, at, hex);
    add(k, at, tail);
    return k->s;
}

static size_t in_repo(struct ra_key *k, const char *repo, const char *what)
{
    assert(strlen(repo) <= RA_REPO_NAME_MAX);
    size_t at = add(k, 0, RA_REPOSITORIES);
    at = add(k, at, repo);
    return add(k, at, what);
}

static const char *alg_key(struct ra_key *k, size_t at, enum ra_alg alg)
{
    add(k, add(k, at, ra_alg_name(alg)), "/");
    return k->s;
}

static const char *blob_key(struct ra_key *k, const struct ra_digest *d, const char *tail)
{
    char hex[RA_DIGEST_TEXT];
    ra_digest_hex(d, hex);
    size_t at = add(k, 0, RA_BLOBS);
    at = add(k, at, ra_alg_name((enum ra_alg)d->alg));
    char shard[5] = {'/', hex[0], hex[1], '/', '\0'};
    at = add(k, at, shard);
    at = add(k, at, hex);
    add(k, at, tail);
    return k->s;
}

const char *ra_key_blob(struct ra_key *k, const struct ra_digest *d)
{
    return blob_key(k, d, "/data");
}

const char *ra_key_blob_folder(struct ra_key *k, const struct ra_digest *d)
{
    return blob_key(k, d, "/");
}

const char *ra_key_quarantine(struct ra_key *k, const struct ra_digest *d)
{
    char hex[RA_DIGEST_TEXT];
    return build(k, RA_QUARANTINE "%s/%s", ra_alg_name((enum ra_alg)d->alg), ra_digest_hex(d, hex));
}

const char *ra_key_blob_shard(struct ra_key *k, enum ra_alg alg, unsigned first_byte)
{
    return build(k, RA_BLOBS "%s/%02x/", ra_alg_name(alg), first_byte & 0xff);
}

const char *ra_key_repo(struct ra_key *k, const char *repo)
{
    in_repo(k, repo, "/");
    return k->s;
}

const char *ra_key_manifests(struct ra_key *k, const char *repo)
{
    in_repo(k, repo, "/_manifests/");
    return k->s;
}

const char *ra_key_layers(struct ra_key *k, const char *repo)
{
    in_repo(k, repo, "/_layers/");
    return k->s;
}

const char *ra_key_layers_of(struct ra_key *k, const char *repo, enum ra_alg alg)
{
    return alg_key(k, in_repo(k, repo, "/_layers/"), alg);
}

const char *ra_key_layer(struct ra_key *k, const char *repo, const struct ra_digest *d)
{
    return digest_key(k, in_repo(k, repo, "/_layers/"), d, "/link");
}

const char *ra_key_revisions(struct ra_key *k, const char *repo)
{
    in_repo(k, repo, "/_manifests/revisions/");
    return k->s;
}

const char *ra_key_revisions_of(struct ra_key *k, const char *repo, enum ra_alg alg)
{
    return alg_key(k, in_repo(k, repo, "/_manifests/revisions/"), alg);
}

const char *ra_key_revision(struct ra_key *k, const char *repo, const struct ra_digest *d)
{
    return digest_key(k, in_repo(k, repo, "/_manifests/revisions/"), d, "/link");
}

const char *ra_key_revision_folder(struct ra_key *k, const char *repo, const struct ra_digest *d)
{
    return digest_key(k, in_repo(k, repo, "/_manifests/revisions/"), d, "/");
}

const char *ra_key_tags(struct ra_key *k, const char *repo)
{
    in_repo(k, repo, "/_manifests/tags/");
    return k->s;
}

static size_t in_tag(struct ra_key *k, const char *repo, const char *tag, const char *what)
{
    assert(strlen(tag) <= RA_NAME_MAX);
    size_t at = in_repo(k, repo, "/_manifests/tags/");
    return add(k, add(k, at, tag), what);
}

const char *ra_key_tag(struct ra_key *k, const char *repo, const char *tag)
{
    in_tag(k, repo, tag, "/");
    return k->s;
}

const char *ra_key_tag_current(struct ra_key *k, const char *repo, const char *tag)
{
    in_tag(k, repo, tag, "/current/link");
    return k->s;
}

const char *ra_key_tag_index(struct ra_key *k, const char *repo, const char *tag)
{
    in_tag(k, repo, tag, "/index/");
    return k->s;
}

const char *ra_key_tag_history(struct ra_key *k, const char *repo, const char *tag, const struct ra_digest *d)
{
    return digest_key(k, in_tag(k, repo, tag, "/index/"), d, "/link");
}

const char *ra_key_uploads(struct ra_key *k, const char *repo)
{
    in_repo(k, repo, "/_uploads/");
    return k->s;
}

const char *ra_key_upload(struct ra_key *k, const char *repo, const char *id)
{
    assert(strlen(id) <= RA_NAME_MAX);
    size_t at = in_repo(k, repo, "/_uploads/");
    add(k, add(k, at, id), "/");
    return k->s;
}

const char *ra_key_upload_startedat(struct ra_key *k, const char *repo, const char *id)
{
    ra_key_upload(k, repo, id);
    add(k, strlen(k->s), "startedat");
    return k->s;
}

/* --- parsing ------------------------------------------------------------------------------------------------ */

/* Takes the next component off *p: false when there is none. */
static bool component(const char **p, const char **start, size_t *len)
{
    if (!**p)
        return false;
    *start = *p;
    *len = strcspn(*p, "/");
    *p += *len;
    if (**p == '/')
        ++*p;
    return *len > 0;
}

static bool take(const char **p, const char *word)
{
    const char *start;
    size_t len;
    const char *before = *p;
    if (component(p, &start, &len) && len == strlen(word) && memcmp(start, word, len) == 0)
        return true;
    *p = before;
    return false;
}

/* <alg>/<hex>/ */
static bool take_digest(const char **p, struct ra_digest *out)
{
    const char *alg, *hex;
    size_t alg_len, hex_len;
    if (!component(p, &alg, &alg_len) || !component(p, &hex, &hex_len))
        return false;
    int which = ra_alg_find(alg, alg_len);
    return which >= 0 && ra_digest_parse_hex((enum ra_alg)which, hex, hex_len, out);
}

/* "link" and then nothing. */
static bool ends_with_link(const char *p)
{
    return ra_streq(p, "link");
}

static void parse_blob(const char *p, struct ra_key_parts *out)
{
    const char *alg, *shard, *hex;
    size_t alg_len, shard_len, hex_len;
    if (!component(&p, &alg, &alg_len) || !component(&p, &shard, &shard_len) ||
        !component(&p, &hex, &hex_len))
        return;
    int which = ra_alg_find(alg, alg_len);
    bool fits = which >= 0 && shard_len == 2 && memcmp(shard, hex, 2) == 0 && ra_streq(p, "data");
    if (fits && ra_digest_parse_hex((enum ra_alg)which, hex, hex_len, &out->digest))
        out->kind = RA_KEY_BLOB;
}

static void parse_tag(const char *p, struct ra_key_parts *out)
{
    if (!component(&p, &out->name, &out->name_len))
        return;
    if (take(&p, "current")) {
        if (ends_with_link(p))
            out->kind = RA_KEY_TAG_CURRENT;
    } else if (take(&p, "index") && take_digest(&p, &out->digest) && ends_with_link(p)) {
        out->kind = RA_KEY_TAG_HISTORY;
    }
}

static void parse_in_repo(const char *p, struct ra_key_parts *out)
{
    if (take(&p, "_layers")) {
        if (take_digest(&p, &out->digest) && ends_with_link(p))
            out->kind = RA_KEY_LAYER;
    } else if (take(&p, "_uploads")) {
        if (component(&p, &out->name, &out->name_len))
            out->kind = RA_KEY_UPLOAD;
    } else if (take(&p, "_manifests")) {
        if (take(&p, "tags"))
            parse_tag(p, out);
        else if (take(&p, "revisions") && take_digest(&p, &out->digest) && ends_with_link(p))
            out->kind = RA_KEY_REVISION;
    }
}

static void parse_repository(const char *p, struct ra_key_parts *out)
{
    const char *name = p, *start;
    size_t len;
    for (const char *next = p; component(&next, &start, &len); p = next) {
        if (*start != '_')
            continue;
        if (start == name)
            return;
        out->repo = name;
        out->repo_len = (size_t)(start - name) - 1;
        parse_in_repo(start, out);
        return;
    }
}

void ra_key_parse(const char *key, struct ra_key_parts *out)
{
    *out = (struct ra_key_parts){.kind = RA_KEY_FOREIGN};
    if (ra_starts_with(key, RA_BLOBS))
        parse_blob(key + strlen(RA_BLOBS), out);
    else if (ra_starts_with(key, RA_REPOSITORIES))
        parse_repository(key + strlen(RA_REPOSITORIES), out);
    else if (ra_starts_with(key, RA_OURS))
        out->kind = RA_KEY_OURS;
}

bool ra_key_is_leftover(const char *name)
{
    static const char *const written[] = {"link.", "data.", "startedat."};
    if (!ra_ends_with(name, ".tmp"))
        return false;
    for (size_t i = 0; i < RA_COUNT(written); i++) {
        size_t head = strlen(written[i]);
        if (ra_starts_with(name, written[i]) && strlen(name) == head + 36 + 4 &&
            strspn(name + head, "0123456789abcdef-") == 36)
            return true;
    }
    return false;
}

bool ra_link_parse(const char *bytes, size_t n, struct ra_digest *out)
{
    return n <= RA_LINK_MAX && ra_digest_parse(bytes, n, out);
}
