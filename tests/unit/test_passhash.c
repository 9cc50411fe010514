/* Password hashes: made, told apart, checked, and those that other programs made. */
#include "lib/testlib.h"

#include "format/passhash.h"
#include "jobs/htpasswd.h"

/* Each computed by another program: openssl passwd, Perl's crypt, or in the papers of the algorithm. */
static const struct {
    enum ra_passhash_kind kind;
    const char *password, *hash;
} known[] = {
    {RA_PASSHASH_APR1, "password", "$apr1$abcdefgh$FBwExRW4dCc8aL.OvjpIE1"},
    {RA_PASSHASH_APR1, "", "$apr1$abcdefgh$L.PT565ESX4Tp2bqNs7Ie."},
    {RA_PASSHASH_SHA1, "password", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="},
    {RA_PASSHASH_SHA256, "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
    {RA_PASSHASH_SHA512, "Hello world!",
     "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
    {RA_PASSHASH_BCRYPT, "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
    {RA_PASSHASH_BCRYPT, "U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
    {RA_PASSHASH_BCRYPT, "U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
    {RA_PASSHASH_DES, "password", "abJnggxhB/yWI"},
    {RA_PASSHASH_PLAIN, "just so", "just so"},
    {RA_PASSHASH_OTHER, "password", "$1$abcdefgh$G//4keteveJp0qb8z2DxG/"},
};

static void known_hashes_verify(void **state)
{
    (void)state;
    for (size_t i = 0; i < RA_COUNT(known); i++) {
        size_t n = strlen(known[i].hash);
        if (ra_passhash_inspect(known[i].hash, n).kind != known[i].kind ||
            !ra_passhash_verify(known[i].hash, n, known[i].password))
            fail_msg("%s", known[i].hash);
        assert_false(ra_passhash_verify(known[i].hash, n, "another"));
    }
}

static void made_hashes_verify(void **state)
{
    (void)state;
    const enum ra_passhash_kind kinds[] = {RA_PASSHASH_BCRYPT, RA_PASSHASH_APR1, RA_PASSHASH_SHA256,
                                           RA_PASSHASH_SHA512, RA_PASSHASH_SHA1, RA_PASSHASH_DES};
    const char *const passwords[] = {"", "a", "secret", "m\303\266hre", "with space:and colon"};
    for (size_t k = 0; k < RA_COUNT(kinds); k++)
        for (size_t i = 0; i < RA_COUNT(passwords); i++) {
            char hash[RA_PASSHASH_TEXT], again[RA_PASSHASH_TEXT];
            uint64_t cost = kinds[k] == RA_PASSHASH_BCRYPT ? 4 : 1000;
            struct ra_err err = {0};
            t_ok(ra_passhash_make(kinds[k], cost, passwords[i], hash, &err), &err);
            t_ok(ra_passhash_make(kinds[k], cost, passwords[i], again, &err), &err);
            assert_int_equal(ra_passhash_inspect(hash, strlen(hash)).kind, kinds[k]);
            assert_true(ra_passhash_verify(hash, strlen(hash), passwords[i]));
            assert_false(ra_passhash_verify(hash, strlen(hash), "other"));
            assert_int_equal(strcmp(hash, again) == 0, kinds[k] == RA_PASSHASH_SHA1);
        }
}

static void limits_hold(void **state)
{
    (void)state;
    char hash[RA_PASSHASH_TEXT], password[RA_PASSWORD_MAX + 2];
    struct ra_err err = {0};
    t_fails(ra_passhash_make(RA_PASSHASH_BCRYPT, 3, "x", hash, &err), RA_INVALID, &err);
    t_fails(ra_passhash_make(RA_PASSHASH_BCRYPT, 18, "x", hash, &err), RA_INVALID, &err);
    t_fails(ra_passhash_make(RA_PASSHASH_OTHER, 0, "x", hash, &err), RA_UNSUPPORTED, &err);
    t_ok(ra_passhash_make(RA_PASSHASH_SHA256, 10, "x", hash, &err), &err);
    assert_int_equal(ra_passhash_inspect(hash, strlen(hash)).cost, RA_SHACRYPT_LEAST);
    memset(password, 'x', sizeof(password));
    password[RA_PASSWORD_MAX + 1] = '\0';
    t_fails(ra_passhash_make(RA_PASSHASH_APR1, 0, password, hash, &err), RA_TOOBIG, &err);
    password[RA_BCRYPT_MAX + 1] = '\0';
    struct ra_htpasswd_how how = {.kind = RA_PASSHASH_BCRYPT, .cost = 4};
    t_fails_with(ra_htpasswd_hash(&how, "u", password, hash, &err), RA_TOOBIG, &err, "72");
    how.truncate = true;
    t_ok(ra_htpasswd_hash(&how, "u", password, hash, &err), &err);
    password[RA_BCRYPT_MAX] = '\0';
    assert_true(ra_passhash_verify(hash, strlen(hash), password));
}

static bool whole(const char *hash)
{
    return ra_passhash_inspect(hash, strlen(hash)).whole;
}

static void the_registry_is_foreseen(void **state)
{
    (void)state;
#define TAIL "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
    assert_true(whole("$2a$05$" TAIL));
    assert_true(whole("$2$05$" TAIL));
    assert_true(whole("$2y$05$" TAIL "x"));
    assert_true(whole("$2y$05$" TAIL "bob:$2y$05$" TAIL));
    assert_false(whole("$2y$03$" TAIL));
    assert_false(whole("$2y$32$" TAIL));
    assert_false(whole("$2y$5$" TAIL));
    assert_false(whole("$2y$05$CCCC"));
    assert_false(whole("$2y$05$!CCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    assert_false(whole("$apr1$abcdefgh$FBwExRW4dCc8aL.OvjpIE1"));
    assert_int_equal(ra_passhash_inspect("*0", 2).kind, RA_PASSHASH_NONE);
    assert_int_equal(ra_passhash_inspect("", 0).kind, RA_PASSHASH_NONE);
    assert_int_equal(ra_passhash_inspect("$6$rounds=77777$x$y", 19).cost, 77777);
}

static void made_up_passwords_differ(void **state)
{
    (void)state;
    struct ra_err err = {0};
    char a[21], b[21];
    t_ok(ra_password_random(a, 20, &err), &err);
    t_ok(ra_password_random(b, 20, &err), &err);
    assert_int_equal(strlen(a), 20);
    assert_string_not_equal(a, b);
    assert_null(strpbrk(a, "0O1lI:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_hashes_verify),
        cmocka_unit_test(made_hashes_verify),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(the_registry_is_foreseen),
        cmocka_unit_test(made_up_passwords_differ),
    };
    return T_RUN(tests);
}
