#include "registry/v1.h"

#include "base/str.h"
#include "format/json.h"
#include "registry/reference.h"

#include <ctype.h>

/* --- ids and small files ------------------------------------------------------------------------------------ */

static bool lower_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool ra_v1_id_valid(const char *s, size_t n)
{
    if (n != 16 && n != RA_V1_ID_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!lower_hex(s[i]))
            return false;
    return true;
}

static void trim(const char **s, size_t *n)
{
    while (*n && isspace((unsigned char)(*s)[0])) {
        (*s)++;
        (*n)--;
    }
    while (*n && isspace((unsigned char)(*s)[*n - 1]))
        (*n)--;
}

bool ra_v1_tag_parse(const char *bytes, size_t n, char id[static RA_V1_ID_MAX + 1])
{
    trim(&bytes, &n);
    if (n >= 2 && bytes[0] == '"' && bytes[n - 1] == '"') {
        bytes++;
        n -= 2;
    }
    if (!ra_v1_id_valid(bytes, n))
        return false;
    memcpy(id, bytes, n);
    id[n] = '\0';
    return true;
}

bool ra_v1_is_metadata(const char *bytes, size_t n)
{
    struct ra_json j;
    ra_json_init(&j, bytes, n);
    if (ra_json_peek(&j) != RA_JSON_OBJECT)
        return false;
    ra_json_skip(&j);
    return ra_json_finish(&j, NULL) == 0;
}

static void take_checksum(struct ra_v1_checksum *c, const char *s, size_t n)
{
    static const char prefix[] = "tarsum+";
    struct ra_digest d;
    bool tarsum = n > strlen(prefix) && memcmp(s, prefix, strlen(prefix)) == 0;
    size_t from = tarsum ? strlen(prefix) : 0;
    if (!ra_digest_parse(s + from, n - from, &d) || d.alg != RA_SHA256)
        return;
    *(tarsum ? &c->tarsum : &c->simple) = d;
    *(tarsum ? &c->has_tarsum : &c->has_simple) = true;
}

static void take_json_string(struct ra_v1_checksum *c, struct ra_json *j)
{
    struct ra_json_str s;
    char text[RA_DIGEST_TEXT];
    if (!ra_json_string(j, &s))
        return;
    size_t n = ra_json_decode(&s, text, sizeof(text));
    take_checksum(c, text, n < sizeof(text) ? n : 0);
}

void ra_v1_checksum_parse(const char *bytes, size_t n, struct ra_v1_checksum *out)
{
    struct ra_json j;
    *out = (struct ra_v1_checksum){0};
    trim(&bytes, &n);
    ra_json_init(&j, bytes, n);
    if (n && bytes[0] == '[' && ra_json_open_array(&j))
        while (ra_json_next_element(&j))
            take_json_string(out, &j);
    else if (n && bytes[0] == '"')
        take_json_string(out, &j);
    else
        take_checksum(out, bytes, n);
}

/* --- names -------------------------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

/* Decodes s into out[0..n], which may be s itself; true when that changed anything. */
static bool decode_once(const char *s, size_t n, char *out, size_t *out_n)
{
    bool changed = false;
    size_t to = 0;
    for (size_t i = 0; i < n; i++) {
        int high = s[i] == '%' && i + 2 < n ? hex_value(s[i + 1]) : -1;
        int low = high >= 0 ? hex_value(s[i + 2]) : -1;
        if (low >= 0 && high + low > 0) {
            out[to++] = (char)(high << 4 | low);
            i += 2;
            changed = true;
        } else {
            bool plus = s[i] == '+';
            out[to++] = plus ? ' ' : s[i];
            changed = changed || plus;
        }
    }
    out[to] = '\0';
    *out_n = to;
    return changed;
}

static unsigned decode(char *name, size_t n)
{
    unsigned rounds = 0;
    while (rounds < 2 && decode_once(name, n, name, &n))
        rounds++;
    return rounds;
}

char *ra_v1_decode(const char *s, size_t n)
{
    char *name = ra_strndup(s, n);
    decode(name, strlen(name));
    return name;
}

unsigned ra_v1_encoded(const char *s, size_t n)
{
    ra_auto_free char *name = ra_strndup(s, n);
    return decode(name, strlen(name));
}

static bool word(char c)
{
    return islower((unsigned char)c) || isdigit((unsigned char)c);
}

/* The separator that comes closest to the run s[0..n) between two words. */
static const char *separator_like(const char *s, size_t n)
{
    if (n == 2 && memcmp(s, "__", 2) == 0)
        return "__";
    if (n == 1 && (s[0] == '.' || s[0] == '_'))
        return s[0] == '.' ? "." : "_";
    return strspn(s, "_") >= n ? "_" : strspn(s, ".") >= n ? "." : "-";
}

static void suggest_component(struct ra_buf *out, const char *s, size_t n)
{
    size_t start = out->len;
    for (size_t i = 0; i < n;) {
        size_t run = i;
        while (run < n && !word((char)tolower((unsigned char)s[run])))
            run++;
        if (run > i && run < n && out->len > start)
            ra_buf_adds(out, separator_like(s + i, run - i));
        for (i = run; i < n && word((char)tolower((unsigned char)s[i])); i++)
            ra_buf_addc(out, (char)tolower((unsigned char)s[i]));
    }
}

char *ra_v1_suggest_name(const char *name)
{
    RA_BUF_AUTO out = {0};
    for (const char *s = name; *s;) {
        size_t n = strcspn(s, "/"), before = out.len;
        if (before)
            ra_buf_addc(&out, '/');
        size_t with_slash = out.len;
        suggest_component(&out, s, n);
        if (out.len == with_slash)
            out.len = before;
        s += n + (s[n] == '/');
    }
    if (out.data)
        out.data[out.len] = '\0';
    return ra_repo_name_valid(ra_buf_str(&out), out.len) ? ra_buf_take(&out) : NULL;
}

const char *ra_v1_architecture(const char *name, const char **variant)
{
    static const struct {
        const char *old, *now, *variant;
    } table[] = {
        {"x86_64", "amd64", ""}, {"x86-64", "amd64", ""},  {"i386", "386", ""},
        {"i686", "386", ""},     {"aarch64", "arm64", ""}, {"armhf", "arm", "v7"},
        {"armv7l", "arm", "v7"}, {"armel", "arm", "v6"},   {"armv6l", "arm", "v6"},
    };
    *variant = "";
    for (size_t i = 0; i < RA_COUNT(table); i++)
        if (ra_streq(name, table[i].old)) {
            *variant = table[i].variant;
            return table[i].now;
        }
    return name;
}
