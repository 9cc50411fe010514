/* Signature Version 4 against what Amazon publishes: the aws-sig-v4-test-suite, and the examples in the S3 manual
 * ("Signature Calculations for the Authorization Header"). */
#include "lib/testlib.h"

#include "format/sigv4.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct vector {
    const char *name, *method, *path; /* the path as it is before encoding */
    struct ra_pair params[3];
    struct ra_pair headers[4]; /* beyond host and x-amz-date */
    const char *body, *signature;
};

static const struct vector suite[] = {
    {"get-vanilla",
     "GET",
     "/",
     {{0}},
     {{0}},
     "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/",
     {{"Param2", "value2"}, {"Param1", "value1"}},
     {{0}},
     "",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-empty-query-key",
     "GET",
     "/",
     {{"Param1", "value1"}},
     {{0}},
     "",
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"get-vanilla-query-unreserved",
     "GET",
     "/",
     {{"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
       "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}},
     {{0}},
     "",
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"get-vanilla-utf8-query",
     "GET",
     "/",
     {{"ሴ", "bar"}},
     {{0}},
     "",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"get-unreserved",
     "GET",
     "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
     {{0}},
     {{0}},
     "",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-utf8",
     "GET",
     "/ሴ",
     {{0}},
     {{0}},
     "",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-space",
     "GET",
     "/example space/",
     {{0}},
     {{0}},
     "",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"get-header-key-duplicate",
     "GET",
     "/",
     {{0}},
     {{"my-header1", "value2,value2,value1"}},
     "",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-trim",
     "GET",
     "/",
     {{0}},
     {{"my-header1", " value1"}, {"my-header2", " \"a   b   c\""}},
     "",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"post-vanilla",
     "POST",
     "/",
     {{0}},
     {{0}},
     "",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-header-key-sort",
     "POST",
     "/",
     {{0}},
     {{"my-header1", "value1"}},
     "",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-header-value-case",
     "POST",
     "/",
     {{0}},
     {{"my-header1", "VALUE1"}},
     "",
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     {{0}},
     {{"content-type", "application/x-www-form-urlencoded"}},
     "Param1=value1",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
};

static size_t count(const struct ra_pair *pairs, size_t max)
{
    size_t n = 0;
    while (n < max && pairs[n].name)
        n++;
    return n;
}

static void check_vector(const struct vector *v)
{
    RA_BUF_AUTO path = {0};
    RA_BUF_AUTO query = {0};
    RA_BUF_AUTO authorization = {0};
    char hash[RA_SIGV4_HASH];
    struct ra_pair headers[6] = {{"x-amz-date", "20150830T123600Z"}, {"host", "example.amazonaws.com"}};
    size_t n = count(v->headers, RA_COUNT(v->headers));
    memcpy(headers + 2, v->headers, n * sizeof(headers[0]));
    ra_uri_encode(&path, v->path, true);
    ra_sigv4_query(&query, v->params, count(v->params, RA_COUNT(v->params)));
    ra_sigv4_hash(v->body, strlen(v->body), hash);
    struct ra_sigv4_request r = {v->method, ra_buf_str(&path), ra_buf_str(&query), headers, n + 2,
                                 hash,      "20150830T123600Z"};
    struct ra_sigv4_key key = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1",
                               "service"};
    ra_sigv4_authorize(&authorization, &r, &key);
    const char *signature = strstr(ra_buf_str(&authorization), "Signature=");
    assert_non_null(signature);
    if (strcmp(signature + strlen("Signature="), v->signature) != 0)
        fail_msg("%s: %s", v->name, ra_buf_str(&authorization));
}

static void the_test_suite(void **state)
{
    (void)state;
    for (size_t i = 0; i < RA_COUNT(suite); i++)
        check_vector(&suite[i]);
}

static void the_header_as_a_whole(void **state)
{
    (void)state;
    RA_BUF_AUTO out = {0};
    struct ra_pair headers[] = {{"x-amz-date", "20150830T123600Z"}, {"host", "example.amazonaws.com"}};
    struct ra_sigv4_request r = {"GET", "/", "", headers, 2, EMPTY, "20150830T123600Z"};
    struct ra_sigv4_key key = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1",
                               "service"};
    ra_sigv4_authorize(&out, &r, &key);
    assert_string_equal(ra_buf_str(&out),
                        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                        "SignedHeaders=host;x-amz-date, "
                        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

struct s3_example {
    const char *method, *path, *body;
    struct ra_pair params[3], headers[4];
    const char *signature;
};

static const struct s3_example examples[] = {
    {"GET",
     "/test.txt",
     "",
     {{0}},
     {{"range", "bytes=0-9"}},
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT",
     "/test$file.text",
     "Welcome to Amazon S3.",
     {{0}},
     {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET",
     "/",
     "",
     {{"lifecycle", ""}},
     {{0}},
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"GET",
     "/",
     "",
     {{"prefix", "J"}, {"max-keys", "2"}},
     {{0}},
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

static void check_example(const struct s3_example *e)
{
    RA_BUF_AUTO path = {0};
    RA_BUF_AUTO query = {0};
    RA_BUF_AUTO authorization = {0};
    char hash[RA_SIGV4_HASH], date[RA_SIGV4_DATE];
    ra_sigv4_hash(e->body, strlen(e->body), hash);
    ra_sigv4_date(1369353600, date);
    assert_string_equal(date, "20130524T000000Z");
    struct ra_pair headers[7] = {
        {"host", "examplebucket.s3.amazonaws.com"}, {"x-amz-content-sha256", hash}, {"x-amz-date", date}};
    size_t n = count(e->headers, RA_COUNT(e->headers));
    memcpy(headers + 3, e->headers, n * sizeof(headers[0]));
    ra_uri_encode(&path, e->path, true);
    ra_sigv4_query(&query, e->params, count(e->params, RA_COUNT(e->params)));
    struct ra_sigv4_request r = {e->method, ra_buf_str(&path), ra_buf_str(&query), headers, n + 3, hash,
                                 date};
    struct ra_sigv4_key key = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                               "us-east-1", "s3"};
    ra_sigv4_authorize(&authorization, &r, &key);
    if (!strstr(ra_buf_str(&authorization), e->signature))
        fail_msg("%s %s: %s", e->method, e->path, ra_buf_str(&authorization));
}

static void the_examples_of_the_manual(void **state)
{
    (void)state;
    for (size_t i = 0; i < RA_COUNT(examples); i++)
        check_example(&examples[i]);
}

static void names_are_encoded_and_decoded(void **state)
{
    (void)state;
    RA_BUF_AUTO out = {0};
    ra_uri_encode(&out, "a/b c+d%é~", true);
    assert_string_equal(ra_buf_str(&out), "a/b%20c%2Bd%25%C3%A9~");
    ra_buf_clear(&out);
    ra_uri_encode(&out, "a/b", false);
    assert_string_equal(ra_buf_str(&out), "a%2Fb");
    ra_buf_clear(&out);
    assert_true(ra_uri_decode(&out, "a%2fb%20c+", 10));
    assert_string_equal(ra_buf_str(&out), "a/b c+");
}

static void bad_encodings_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"%", "%2", "a%zz", "a%2", "%00"};
    RA_BUF_AUTO out = {0};
    ra_buf_adds(&out, "kept");
    for (size_t i = 0; i < RA_COUNT(bad); i++)
        assert_false(ra_uri_decode(&out, bad[i], strlen(bad[i])));
    assert_string_equal(ra_buf_str(&out), "kept");
}

static void parameters_are_sorted_by_name_then_value(void **state)
{
    (void)state;
    RA_BUF_AUTO out = {0};
    const struct ra_pair params[] = {{"b", ""}, {"a", "2"}, {"B", "x y"}, {"a", "1"}};
    ra_sigv4_query(&out, params, RA_COUNT(params));
    assert_string_equal(ra_buf_str(&out), "B=x%20y&a=1&a=2&b=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_test_suite),
        cmocka_unit_test(the_header_as_a_whole),
        cmocka_unit_test(the_examples_of_the_manual),
        cmocka_unit_test(names_are_encoded_and_decoded),
        cmocka_unit_test(bad_encodings_are_refused),
        cmocka_unit_test(parameters_are_sorted_by_name_then_value),
    };
    return T_RUN(tests);
}
