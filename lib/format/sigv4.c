#include "format/sigv4.h"

#include "format/digest.h"

#include <assert.h>

#define ALGORITHM  "AWS4-HMAC-SHA256"
#define HMAC_SIZE  32
#define HMAC_BLOCK 64

static bool unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

void ra_uri_encode(struct ra_buf *out, const char *s, bool keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (unreserved(c) || (c == '/' && keep_slash)) {
            ra_buf_addc(out, *s);
            continue;
        }
        const char code[3] = {'%', digits[c >> 4], digits[c & 15]};
        ra_buf_add(out, code, sizeof(code));
    }
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "%xy" at s stands for; 0 when it is none. */
static char decoded(const char *s, size_t left)
{
    int high = left > 2 ? nibble(s[1]) : -1, low = left > 2 ? nibble(s[2]) : -1;
    return high < 0 || low < 0 ? '\0' : (char)(high << 4 | low);
}

bool ra_uri_decode(struct ra_buf *out, const char *s, size_t n)
{
    char *to = ra_buf_reserve(out, n), *start = to;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c == '%') {
            c = decoded(s + i, n - i);
            i += 2;
        }
        if (c == '\0') {
            *start = '\0';
            return false;
        }
        *to++ = c;
    }
    *to = '\0';
    out->len += (size_t)(to - start);
    return true;
}

static int by_name_and_value(const void *a, const void *b)
{
    const struct ra_pair *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->value, y->value);
}

void ra_sigv4_query(struct ra_buf *out, const struct ra_pair *params, size_t n)
{
    struct ra_pair sorted[RA_SIGV4_PARAMS];
    assert(n <= RA_COUNT(sorted));
    for (size_t i = 0; i < n; i++)
        sorted[i] = params[i];
    qsort(sorted, n, sizeof(sorted[0]), by_name_and_value);
    for (size_t i = 0; i < n; i++) {
        if (i)
            ra_buf_addc(out, '&');
        ra_uri_encode(out, sorted[i].name, false);
        ra_buf_addc(out, '=');
        ra_uri_encode(out, sorted[i].value, false);
    }
}

void ra_sigv4_hash(const void *p, size_t n, char out[static RA_SIGV4_HASH])
{
    struct ra_digest d;
    char hex[RA_DIGEST_TEXT];
    ra_digest_of(RA_SHA256, p, n, &d);
    memcpy(out, ra_digest_hex(&d, hex), RA_SIGV4_HASH);
}

void ra_sigv4_date(time_t when, char out[static RA_SIGV4_DATE])
{
    struct tm tm;
    gmtime_r(&when, &tm);
    strftime(out, RA_SIGV4_DATE, "%Y%m%dT%H%M%SZ", &tm);
}

/* Values are signed without outer blanks and with each run of inner ones as a single blank. */
static void add_trimmed(struct ra_buf *out, const char *value)
{
    bool gap = false;
    for (value += strspn(value, " \t"); *value; value++) {
        if (*value == ' ' || *value == '\t') {
            gap = true;
            continue;
        }
        if (gap)
            ra_buf_addc(out, ' ');
        gap = false;
        ra_buf_addc(out, *value);
    }
}

static size_t sort_headers(const struct ra_sigv4_request *request, struct ra_pair *sorted)
{
    assert(request->n_headers <= RA_SIGV4_HEADERS);
    for (size_t i = 0; i < request->n_headers; i++)
        sorted[i] = request->headers[i];
    qsort(sorted, request->n_headers, sizeof(sorted[0]), by_name_and_value);
    return request->n_headers;
}

static void add_signed_names(struct ra_buf *out, const struct ra_pair *sorted, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            ra_buf_addc(out, ';');
        ra_buf_adds(out, sorted[i].name);
    }
}

/* The canonical request, the first of the three steps. */
static void add_canonical(struct ra_buf *out, const struct ra_sigv4_request *request)
{
    struct ra_pair sorted[RA_SIGV4_HEADERS];
    size_t n = sort_headers(request, sorted);
    ra_buf_addf(out, "%s\n%s\n%s\n", request->method, request->path, request->query);
    for (size_t i = 0; i < n; i++) {
        ra_buf_addf(out, "%s:", sorted[i].name);
        add_trimmed(out, sorted[i].value);
        ra_buf_addc(out, '\n');
    }
    ra_buf_addc(out, '\n');
    add_signed_names(out, sorted, n);
    ra_buf_addf(out, "\n%s", request->payload_hash);
}

/* RFC 2104 with SHA-256. */
static void hmac(const void *key, size_t key_len, const char *text, unsigned char out[static HMAC_SIZE])
{
    unsigned char block[2][HMAC_BLOCK] = {{0}};
    struct ra_digest d;
    RA_BUF_AUTO inner = {0};
    if (key_len > HMAC_BLOCK) {
        ra_digest_of(RA_SHA256, key, key_len, &d);
        memcpy(block[0], d.bytes, HMAC_SIZE);
    } else {
        memcpy(block[0], key, key_len);
    }
    for (size_t i = 0; i < HMAC_BLOCK; i++) {
        block[1][i] = block[0][i] ^ 0x5c;
        block[0][i] ^= 0x36;
    }
    ra_buf_reserve(&inner, HMAC_BLOCK + strlen(text)); /* growing would leave a copy of the key behind */
    ra_buf_add(&inner, block[0], HMAC_BLOCK);
    ra_buf_adds(&inner, text);
    ra_digest_of(RA_SHA256, inner.data, inner.len, &d);
    ra_wipe(inner.data, inner.len);
    unsigned char outer[HMAC_BLOCK + HMAC_SIZE];
    memcpy(outer, block[1], HMAC_BLOCK);
    memcpy(outer + HMAC_BLOCK, d.bytes, HMAC_SIZE);
    ra_digest_of(RA_SHA256, outer, sizeof(outer), &d);
    memcpy(out, d.bytes, HMAC_SIZE);
    ra_wipe(block, sizeof(block));
    ra_wipe(outer, sizeof(outer));
}

static void signing_key(const struct ra_sigv4_key *key, const char *date, unsigned char out[static HMAC_SIZE])
{
    char day[9];
    snprintf(day, sizeof(day), "%.8s", date);
    char *start = ra_asprintf("AWS4%s", key->secret);
    hmac(start, strlen(start), day, out);
    ra_wipe(start, strlen(start));
    free(start);
    hmac(out, HMAC_SIZE, key->region, out);
    hmac(out, HMAC_SIZE, key->service, out);
    hmac(out, HMAC_SIZE, "aws4_request", out);
}

static void sign(const struct ra_sigv4_request *request, const struct ra_sigv4_key *key, const char *scope,
                 unsigned char signature[static HMAC_SIZE])
{
    RA_BUF_AUTO canonical = {0};
    RA_BUF_AUTO text = {0};
    char hash[RA_SIGV4_HASH];
    unsigned char derived[HMAC_SIZE];
    add_canonical(&canonical, request);
    ra_sigv4_hash(canonical.data, canonical.len, hash);
    ra_buf_addf(&text, ALGORITHM "\n%s\n%s\n%s", request->date, scope, hash);
    signing_key(key, request->date, derived);
    hmac(derived, sizeof(derived), ra_buf_str(&text), signature);
    ra_wipe(derived, sizeof(derived));
}

void ra_sigv4_authorize(struct ra_buf *out, const struct ra_sigv4_request *request,
                        const struct ra_sigv4_key *key)
{
    struct ra_pair sorted[RA_SIGV4_HEADERS];
    unsigned char signature[HMAC_SIZE];
    size_t n = sort_headers(request, sorted);
    ra_auto_free char *scope =
        ra_asprintf("%.8s/%s/%s/aws4_request", request->date, key->region, key->service);
    sign(request, key, scope, signature);
    ra_buf_addf(out, ALGORITHM " Credential=%s/%s, SignedHeaders=", key->access, scope);
    add_signed_names(out, sorted, n);
    ra_buf_adds(out, ", Signature=");
    for (size_t i = 0; i < sizeof(signature); i++)
        ra_buf_addf(out, "%02x", signature[i]);
}
