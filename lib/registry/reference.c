#include "registry/reference.h"

#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>

static bool is_alnum_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* One of ".", "_", "__", or dashes. */
static size_t separator(const char *s, size_t n)
{
    if (n == 0)
        return 0;
    if (s[0] == '.')
        return 1;
    if (s[0] == '_')
        return n > 1 && s[1] == '_' ? 2 : 1;
    size_t dashes = 0;
    while (dashes < n && s[dashes] == '-')
        dashes++;
    return dashes;
}

static bool component_valid(const char *s, size_t n)
{
    size_t i = 0;
    for (;;) {
        size_t start = i;
        while (i < n && is_alnum_lower(s[i]))
            i++;
        if (i == start)
            return false;
        if (i == n)
            return true;
        size_t sep = separator(s + i, n - i);
        if (sep == 0)
            return false;
        i += sep;
    }
}

bool ra_repo_name_valid(const char *name, size_t n)
{
    if (n == 0 || n > 255)
        return false;
    for (size_t start = 0;;) {
        const char *slash = memchr(name + start, '/', n - start);
        size_t len = slash ? (size_t)(slash - name) - start : n - start;
        if (!component_valid(name + start, len))
            return false;
        if (!slash)
            return true;
        start += len + 1;
    }
}

bool ra_tag_valid(const char *tag, size_t n)
{
    if (n == 0 || n > 128 || tag[0] == '.' || tag[0] == '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)tag[i]) && !strchr("_.-", tag[i]))
            return false;
    return memchr(tag, '\0', n) == NULL;
}

void ra_reference_release(struct ra_reference *r)
{
    free(r->repo);
    free(r->tag);
    free(r->digest);
    *r = (struct ra_reference){0};
}

static int parse_digest_part(const char *text, const char *at, struct ra_reference *ref, struct ra_err *err)
{
    if (!ra_digest_prefix_valid(at))
        return ra_fail(err, RA_USAGE,
                       "'%s' is no reference: after '@' comes a digest, sha256:<64 hex digits>, or its first "
                       "digits (6 at least)",
                       text);
    ref->digest = ra_strdup(at);
    return 0;
}

int ra_reference_parse(const char *text, struct ra_reference *out, struct ra_err *err)
{
    struct ra_reference ref = {0};
    const char *at = strchr(text, '@');
    size_t n = at ? (size_t)(at - text) : strlen(text);
    const char *slash = memrchr(text, '/', n);
    size_t name_start = slash ? (size_t)(slash - text) + 1 : 0;
    const char *colon = memchr(text + name_start, ':', n - name_start);
    size_t repo_len = colon ? (size_t)(colon - text) : n;
    while (repo_len > 1 && text[repo_len - 1] == '/')
        repo_len--;
    if (repo_len == 0)
        return ra_fail(err, RA_USAGE,
                       "'%s' is no reference: it has no repository; write REPO, REPO:TAG or REPO@DIGEST",
                       text);
    if (colon && n - repo_len == 1)
        return ra_fail(err, RA_USAGE, "'%s' is no reference: the tag after ':' is empty", text);
    int rc = at ? parse_digest_part(text, at + 1, &ref, err) : 0;
    if (rc < 0)
        return rc;
    ref.repo = ra_strndup(text, repo_len);
    if (colon)
        ref.tag = ra_strndup(colon + 1, n - (size_t)(colon + 1 - text));
    ref.pattern = ra_has_glob(ref.repo) || (ref.tag && ra_has_glob(ref.tag));
    *out = ref;
    return 0;
}

const char *ra_reference_strip_host(const char *name)
{
    size_t n = strcspn(name, "/");
    if (!name[n])
        return NULL;
    bool host =
        memchr(name, '.', n) || memchr(name, ':', n) || (n == 9 && strncmp(name, "localhost", 9) == 0);
    return host ? name + n + 1 : NULL;
}

bool ra_repo_matches(const char *operand, const char *repo)
{
    size_t n = strlen(operand);
    while (n > 1 && operand[n - 1] == '/')
        n--;
    return ra_glob(operand, repo) || (strncmp(operand, repo, n) == 0 && (repo[n] == '/' || !repo[n]));
}

static const char *hex_part(const char *text, int *alg)
{
    const char *colon = strchr(text, ':');
    *alg = colon ? ra_alg_find(text, (size_t)(colon - text)) : -1;
    return colon ? colon + 1 : text;
}

bool ra_digest_prefix_valid(const char *text)
{
    int alg;
    const char *hex = hex_part(text, &alg);
    if (hex != text && alg < 0)
        return false;
    size_t n = strlen(hex), most = alg < 0 ? 2 * RA_DIGEST_BYTES : 2 * ra_alg_size((enum ra_alg)alg);
    return n >= 6 && n <= most && strspn(hex, "0123456789abcdef") == n;
}

bool ra_digest_has_prefix(const struct ra_digest *d, const char *text)
{
    int alg;
    char own[RA_DIGEST_TEXT];
    const char *hex = hex_part(text, &alg);
    if (alg >= 0 && alg != d->alg)
        return false;
    return ra_starts_with(ra_digest_hex(d, own), hex);
}

bool ra_tag_is_digest_like(const char *tag, struct ra_digest *subject)
{
    const char *dash = strchr(tag, '-');
    if (!dash)
        return false;
    int alg = ra_alg_find(tag, (size_t)(dash - tag));
    if (alg < 0)
        return false;
    struct ra_digest d;
    size_t digits = 2 * ra_alg_size((enum ra_alg)alg);
    size_t rest = strlen(dash + 1);
    if (rest < digits || (rest > digits && dash[1 + digits] != '.') ||
        !ra_digest_parse_hex((enum ra_alg)alg, dash + 1, digits, &d))
        return false;
    if (subject)
        *subject = d;
    return true;
}
