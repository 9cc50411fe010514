/*
 * Password hashes as they stand in an htpasswd file: made, told apart and checked. The algorithms are
 * libxcrypt's and OpenSSL's, but for Apache's variant of MD5-crypt, which neither has.
 *
 * Passwords are C strings, lent; what these functions copied of them is wiped before they return. All may be
 * called from several threads at once.
 */
#ifndef RA_FORMAT_PASSHASH_H
#define RA_FORMAT_PASSHASH_H

#include "base/err.h"

enum ra_passhash_kind {
    RA_PASSHASH_BCRYPT, /* $2y$, $2b$, $2a$: the only one that a registry takes */
    RA_PASSHASH_APR1,   /* $apr1$: Apache's default, 1000 rounds of MD5 */
    RA_PASSHASH_SHA256, /* $5$ */
    RA_PASSHASH_SHA512, /* $6$ */
    RA_PASSHASH_SHA1,   /* {SHA}, without salt */
    RA_PASSHASH_DES,    /* traditional crypt, 8 characters of the password */
    RA_PASSHASH_PLAIN,  /* the password itself; whatever looks like nothing else */
    RA_PASSHASH_OTHER,  /* $y$, $1$, ...: checked if libxcrypt can, never made */
    RA_PASSHASH_NONE,   /* empty, or "*0": nobody gets in with that */
};

/* "bcrypt", "apr1", "sha256-crypt", "sha512-crypt", "sha1", "des-crypt", "plain", "other", "none" */
const char *ra_passhash_name(enum ra_passhash_kind kind);

struct ra_passhash_info {
    enum ra_passhash_kind kind;
    uint64_t cost; /* of bcrypt (each step doubles the work), rounds of SHA-crypt; 0 where there is none */
    bool whole;    /* bcrypt: complete, so that a registry can check it; more may follow */
};
/* What hash[0..n) is. Never fails. */
struct ra_passhash_info ra_passhash_inspect(const char *hash, size_t n);

#define RA_PASSHASH_TEXT     384 /* bytes that any hash takes, with the NUL */
#define RA_PASSWORD_MAX      255 /* bytes of a password: as many as Apache's tool takes */
#define RA_BCRYPT_MAX        72  /* bytes of a password that bcrypt looks at */
#define RA_DES_MAX           8
#define RA_BCRYPT_COST_LEAST 4
#define RA_BCRYPT_COST_MOST  17
#define RA_SHACRYPT_LEAST    1000
#define RA_SHACRYPT_MOST     999999999

/* The hash of a password under a new random salt. `cost` 0 is bcrypt's 10, or 5000 rounds of SHA-crypt;
 * others have none and ignore it. Rounds are brought within their limits; a cost outside is INVALID. TOOBIG
 * for a password over RA_PASSWORD_MAX. UNSUPPORTED when the system's libraries were built without that
 * algorithm. A password longer than bcrypt or DES look at is cut by them: callers ask first. */
int ra_passhash_make(enum ra_passhash_kind kind, uint64_t cost, const char *password,
                     char out[static RA_PASSHASH_TEXT], struct ra_err *err);

/* Whether the password is the one of hash[0..n), in time that does not depend on where they differ. A hash
 * that cannot be computed here matches nothing. */
bool ra_passhash_verify(const char *hash, size_t n, const char *password);
/* As a registry does it with a bcrypt hash that is whole: it minds neither the letter behind "$2" nor what follows. */
bool ra_passhash_verify_bcrypt(const char *hash, size_t n, const char *password);

/* Fills out[0..n) with random characters that are easy to tell apart on paper (5.8 bits each) and a NUL at
 * out[n]. IO when the kernel gives no randomness. */
int ra_password_random(char *out, size_t n, struct ra_err *err);

#endif
