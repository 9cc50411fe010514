#include "format/passhash.h"

#include "base/mem.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>

/* --- telling apart --- */

const char *ra_passhash_name(enum ra_passhash_kind kind)
{
    static const char *const names[] = {
        [RA_PASSHASH_BCRYPT] = "bcrypt",       [RA_PASSHASH_APR1] = "apr1",
        [RA_PASSHASH_SHA256] = "sha256-crypt", [RA_PASSHASH_SHA512] = "sha512-crypt",
        [RA_PASSHASH_SHA1] = "sha1",           [RA_PASSHASH_DES] = "des-crypt",
        [RA_PASSHASH_PLAIN] = "plain",         [RA_PASSHASH_OTHER] = "other",
        [RA_PASSHASH_NONE] = "none",
    };
    return names[kind];
}

static bool begins(const char *s, size_t n, const char *prefix)
{
    size_t len = strlen(prefix);
    return n >= len && memcmp(s, prefix, len) == 0;
}

/* The alphabet of crypt(3), in its own order. */
static const char alphabet[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool in_alphabet(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!s[i] || !strchr(alphabet, s[i]))
            return false;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum { BCRYPT_SALT_AND_HASH = 53 };

static size_t bcrypt_cost_at(const char *hash)
{
    return hash[2] == '$' ? 3 : 4;
}

/* "$2y$10$" and 53 characters, as the Go package of the registries has it: the letter may be any or none, and
 * what follows the hash does not count. */
static struct ra_passhash_info inspect_bcrypt(const char *hash, size_t n)
{
    struct ra_passhash_info info = {.kind = RA_PASSHASH_BCRYPT};
    size_t at = bcrypt_cost_at(hash);
    if (n < at + 3 || !is_digit(hash[at]) || !is_digit(hash[at + 1]) || hash[at + 2] != '$')
        return info;
    info.cost = (uint64_t)(10 * (hash[at] - '0') + (hash[at + 1] - '0'));
    at += 3;
    info.whole = n >= at + BCRYPT_SALT_AND_HASH && in_alphabet(hash + at, BCRYPT_SALT_AND_HASH) &&
                 info.cost >= 4 && info.cost <= 31;
    return info;
}

static struct ra_passhash_info inspect_shacrypt(enum ra_passhash_kind kind, const char *hash, size_t n)
{
    static const char key[] = "rounds=";
    struct ra_passhash_info info = {.kind = kind, .cost = 5000};
    if (!begins(hash + 3, n - 3, key))
        return info;
    uint64_t rounds = 0;
    for (size_t at = 3 + strlen(key); at < n && is_digit(hash[at]) && rounds <= RA_SHACRYPT_MOST; at++)
        rounds = rounds * 10 + (uint64_t)(hash[at] - '0');
    info.cost = rounds;
    return info;
}

struct ra_passhash_info ra_passhash_inspect(const char *hash, size_t n)
{
    enum { DES_LENGTH = 13 };
    if (n == 0 || hash[0] == '*')
        return (struct ra_passhash_info){.kind = RA_PASSHASH_NONE};
    if (begins(hash, n, "$2") && n > 3 && (hash[2] == '$' || hash[3] == '$'))
        return inspect_bcrypt(hash, n);
    if (begins(hash, n, "$5$"))
        return inspect_shacrypt(RA_PASSHASH_SHA256, hash, n);
    if (begins(hash, n, "$6$"))
        return inspect_shacrypt(RA_PASSHASH_SHA512, hash, n);
    if (begins(hash, n, "$apr1$"))
        return (struct ra_passhash_info){.kind = RA_PASSHASH_APR1};
    if (begins(hash, n, "{SHA}"))
        return (struct ra_passhash_info){.kind = RA_PASSHASH_SHA1};
    if (hash[0] == '$' && memchr(hash + 1, '$', n - 1))
        return (struct ra_passhash_info){.kind = RA_PASSHASH_OTHER};
    if (n == DES_LENGTH && in_alphabet(hash, n))
        return (struct ra_passhash_info){.kind = RA_PASSHASH_DES};
    return (struct ra_passhash_info){.kind = RA_PASSHASH_PLAIN};
}

/* --- digests --- */

static void free_digest(EVP_MD_CTX **c)
{
    EVP_MD_CTX_free(*c); /* cleanses */
}

static void free_algorithm(EVP_MD **a)
{
    EVP_MD_free(*a);
}

/* One MD5 after another; the first failure sticks, so that a computation is checked once at its end. */
struct md5 {
    EVP_MD *algorithm;
    EVP_MD_CTX *ctx;
    bool failed;
};

static void md5_begin(struct md5 *m)
{
    m->failed = m->failed || !EVP_DigestInit_ex(m->ctx, m->algorithm, NULL);
}

static void md5_add(struct md5 *m, const void *p, size_t n)
{
    m->failed = m->failed || !EVP_DigestUpdate(m->ctx, p, n);
}

static void md5_end(struct md5 *m, unsigned char out[16])
{
    m->failed = m->failed || !EVP_DigestFinal_ex(m->ctx, out, NULL);
}

/* --- apr1 --- */

#define APR1_MAGIC "$apr1$"
enum { APR1_SALT = 8, APR1_ROUNDS = 1000 };

struct apr1 {
    const char *password, *salt;
    size_t password_n, salt_n;
};

static void apr1_first(struct md5 *m, const struct apr1 *a, unsigned char sum[16])
{
    md5_begin(m);
    md5_add(m, a->password, a->password_n);
    md5_add(m, a->salt, a->salt_n);
    md5_add(m, a->password, a->password_n);
    md5_end(m, sum);

    md5_begin(m);
    md5_add(m, a->password, a->password_n);
    md5_add(m, APR1_MAGIC, strlen(APR1_MAGIC));
    md5_add(m, a->salt, a->salt_n);
    for (size_t left = a->password_n; left > 0; left -= left < 16 ? left : 16)
        md5_add(m, sum, left < 16 ? left : 16);
    for (size_t bits = a->password_n; bits > 0; bits >>= 1)
        md5_add(m, bits & 1 ? "" : a->password, 1);
    md5_end(m, sum);
}

static void apr1_round(struct md5 *m, const struct apr1 *a, unsigned i, unsigned char sum[16])
{
    bool odd = i & 1;
    md5_begin(m);
    md5_add(m, odd ? (const void *)a->password : sum, odd ? a->password_n : 16);
    if (i % 3)
        md5_add(m, a->salt, a->salt_n);
    if (i % 7)
        md5_add(m, a->password, a->password_n);
    md5_add(m, odd ? (const void *)sum : a->password, odd ? 16 : a->password_n);
    md5_end(m, sum);
}

/* Six bits a character, the lowest first. */
static char *spell(char *out, uint32_t bits, int characters)
{
    for (; characters > 0; characters--, bits >>= 6)
        *out++ = alphabet[bits & 63];
    return out;
}

static void apr1_spell(const unsigned char sum[16], char *out)
{
    static const unsigned char order[5][3] = {{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}};
    for (size_t i = 0; i < RA_COUNT(order); i++)
        out = spell(out, (uint32_t)sum[order[i][0]] << 16 | sum[order[i][1]] << 8 | sum[order[i][2]], 4);
    out = spell(out, sum[11], 2);
    *out = '\0';
}

static int apr1(const char *password, const char *salt, size_t salt_n, char out[static RA_PASSHASH_TEXT],
                struct ra_err *err)
{
    __attribute__((cleanup(free_digest))) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    __attribute__((cleanup(free_algorithm))) EVP_MD *algorithm = EVP_MD_fetch(NULL, "MD5", NULL);
    struct md5 m = {.algorithm = algorithm, .ctx = ctx, .failed = !algorithm || !ctx};
    struct apr1 a = {password, salt, strlen(password), salt_n < APR1_SALT ? salt_n : APR1_SALT};
    unsigned char sum[16] = {0};
    apr1_first(&m, &a, sum);
    for (unsigned i = 0; i < APR1_ROUNDS && !m.failed; i++)
        apr1_round(&m, &a, i, sum);
    if (m.failed)
        return ra_fail(err, RA_UNSUPPORTED, "OpenSSL refuses to compute MD5");
    int n = snprintf(out, RA_PASSHASH_TEXT, APR1_MAGIC "%.*s$", (int)a.salt_n, salt);
    apr1_spell(sum, out + n);
    ra_wipe(sum, sizeof(sum));
    return 0;
}

/* --- {SHA} --- */

static int sha1(const char *password, char out[static RA_PASSHASH_TEXT], struct ra_err *err)
{
    unsigned char sum[20];
    if (!EVP_Digest(password, strlen(password), sum, NULL, EVP_sha1(), NULL))
        return ra_fail(err, RA_UNSUPPORTED, "OpenSSL refuses to compute SHA-1");
    memcpy(out, "{SHA}", 5);
    EVP_EncodeBlock((unsigned char *)out + 5, sum, sizeof(sum));
    return 0;
}

/* --- crypt(3) --- */

static void free_crypt(struct crypt_data **d)
{
    ra_wipe(*d, sizeof(**d));
    free(*d);
}

/* False when libxcrypt knows no such setting. */
static bool run_crypt(const char *password, const char *setting, char out[static RA_PASSHASH_TEXT])
{
    __attribute__((cleanup(free_crypt))) struct crypt_data *data = ra_new(struct crypt_data);
    const char *hash = crypt_rn(password, setting, data, sizeof(*data));
    if (!hash || hash[0] == '*')
        return false;
    snprintf(out, RA_PASSHASH_TEXT, "%s", hash);
    return true;
}

static int random_bytes(void *p, size_t n, struct ra_err *err)
{
    if (getrandom(p, n, 0) == (ssize_t)n)
        return 0;
    return ra_fail_sys(err, "cannot get random bytes from the kernel");
}

static int crypt_new(enum ra_passhash_kind kind, uint64_t count, const char *password,
                     char out[static RA_PASSHASH_TEXT], struct ra_err *err)
{
    static const char *const prefixes[] = {[RA_PASSHASH_BCRYPT] = "$2y$",
                                           [RA_PASSHASH_SHA256] = "$5$",
                                           [RA_PASSHASH_SHA512] = "$6$",
                                           [RA_PASSHASH_DES] = ""};
    char salt[16], setting[CRYPT_GENSALT_OUTPUT_SIZE];
    int rc = random_bytes(salt, sizeof(salt), err);
    if (rc < 0)
        return rc;
    if (!crypt_gensalt_rn(prefixes[kind], count, salt, sizeof(salt), setting, sizeof(setting)) ||
        !run_crypt(password, setting, out))
        return ra_fail(err, RA_UNSUPPORTED, "this system's crypt(3) makes no %s hashes",
                       ra_passhash_name(kind));
    return 0;
}

static int bcrypt(uint64_t cost, const char *password, char out[static RA_PASSHASH_TEXT], struct ra_err *err)
{
    if (cost == 0)
        cost = 10;
    if (cost < RA_BCRYPT_COST_LEAST || cost > RA_BCRYPT_COST_MOST)
        return ra_fail(err, RA_INVALID, "bcrypt takes a cost from %d to %d, not %llu", RA_BCRYPT_COST_LEAST,
                       RA_BCRYPT_COST_MOST, (unsigned long long)cost);
    return crypt_new(RA_PASSHASH_BCRYPT, cost, password, out, err);
}

static uint64_t rounds_within(uint64_t rounds)
{
    if (rounds == 0)
        return 0;
    return rounds < RA_SHACRYPT_LEAST  ? RA_SHACRYPT_LEAST
           : rounds > RA_SHACRYPT_MOST ? RA_SHACRYPT_MOST
                                       : rounds;
}

static int apr1_new(const char *password, char out[static RA_PASSHASH_TEXT], struct ra_err *err)
{
    unsigned char bytes[APR1_SALT];
    char salt[APR1_SALT];
    int rc = random_bytes(bytes, sizeof(bytes), err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < sizeof(salt); i++)
        salt[i] = alphabet[bytes[i] & 63];
    return apr1(password, salt, sizeof(salt), out, err);
}

/* --- making and checking --- */

int ra_passhash_make(enum ra_passhash_kind kind, uint64_t cost, const char *password,
                     char out[static RA_PASSHASH_TEXT], struct ra_err *err)
{
    if (strlen(password) > RA_PASSWORD_MAX)
        return ra_fail(err, RA_TOOBIG, "password too long (> %d)", RA_PASSWORD_MAX);
    switch (kind) {
    case RA_PASSHASH_BCRYPT:
        return bcrypt(cost, password, out, err);
    case RA_PASSHASH_APR1:
        return apr1_new(password, out, err);
    case RA_PASSHASH_SHA256:
    case RA_PASSHASH_SHA512:
        return crypt_new(kind, rounds_within(cost), password, out, err);
    case RA_PASSHASH_SHA1:
        return sha1(password, out, err);
    case RA_PASSHASH_DES:
        return crypt_new(kind, 0, password, out, err);
    case RA_PASSHASH_PLAIN:
        snprintf(out, RA_PASSHASH_TEXT, "%s", password);
        return 0;
    default:
        return ra_fail(err, RA_UNSUPPORTED, "'%s' is no kind of hash to make", ra_passhash_name(kind));
    }
}

/* What the password hashes to under the salt of a given hash. */
static bool recompute(enum ra_passhash_kind kind, const char *hash, const char *password,
                      char out[static RA_PASSHASH_TEXT])
{
    const char *salt = hash + strlen(APR1_MAGIC);
    switch (kind) {
    case RA_PASSHASH_NONE:
        return false;
    case RA_PASSHASH_APR1:
        return apr1(password, salt, strcspn(salt, "$"), out, NULL) == 0;
    case RA_PASSHASH_SHA1:
        return sha1(password, out, NULL) == 0;
    case RA_PASSHASH_PLAIN:
        return snprintf(out, RA_PASSHASH_TEXT, "%s", password) < RA_PASSHASH_TEXT;
    default:
        return run_crypt(password, hash, out);
    }
}

bool ra_passhash_verify(const char *hash, size_t n, const char *password)
{
    char given[RA_PASSHASH_TEXT], made[RA_PASSHASH_TEXT] = "";
    if (n >= sizeof(given) || memchr(hash, '\0', n))
        return false;
    memcpy(given, hash, n);
    given[n] = '\0';
    bool match = recompute(ra_passhash_inspect(given, n).kind, given, password, made) && strlen(made) == n &&
                 CRYPTO_memcmp(made, given, n) == 0;
    ra_wipe(made, sizeof(made));
    ra_wipe(given, sizeof(given));
    return match;
}

bool ra_passhash_verify_bcrypt(const char *hash, size_t n, const char *password)
{
    char plain[RA_PASSHASH_TEXT];
    if (!ra_passhash_inspect(hash, n).whole)
        return false;
    int len = snprintf(plain, sizeof(plain), "$2y$%.*s", (int)strlen("10$") + BCRYPT_SALT_AND_HASH,
                       hash + bcrypt_cost_at(hash));
    return ra_passhash_verify(plain, (size_t)len, password);
}

int ra_password_random(char *out, size_t n, struct ra_err *err)
{
    static const char clear[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    const unsigned kinds = sizeof(clear) - 1, fair = 256 - 256 % kinds;
    size_t done = 0;
    while (done < n) {
        unsigned char byte;
        int rc = random_bytes(&byte, 1, err);
        if (rc < 0)
            return rc;
        if (byte < fair)
            out[done++] = clear[byte % kinds];
    }
    out[n] = '\0';
    return 0;
}
