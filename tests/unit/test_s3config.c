/* What becomes of a bucket's parameters. */
#include "lib/testlib.h"

#include "store/s3.h"

static int finish(struct ra_s3_config *c, const char *url, struct ra_err *err)
{
    static const char *const env[] = {"AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret", NULL};
    int rc = ra_s3_config_url(c, url, err);
    return rc < 0 ? rc : ra_s3_config_finish(c, env, err);
}

static void a_part_fits_into_memory(void **state)
{
    (void)state;
    RA_ERR_AUTO err = {0};
    RA_S3_CONFIG_AUTO usual = {0};
    RA_S3_CONFIG_AUTO large = {0};
    RA_S3_CONFIG_AUTO small = {0};
    t_ok(finish(&usual, "s3://bucket", &err), &err);
    assert_int_equal(usual.part_size, 10 << 20);
    t_ok(finish(&large, "s3://bucket?chunksize=5Gi", &err), &err);
    assert_true(large.part_size == RA_S3_PART_MAX);
    t_fails(finish(&small, "s3://bucket?chunksize=1Mi", &err), RA_INVALID, &err);
}

static void header_lines_cannot_be_added(void **state)
{
    (void)state;
    RA_ERR_AUTO err = {0};
    RA_S3_CONFIG_AUTO c = {0};
    t_fails(finish(&c, "s3://bucket?useragent=a%0Ab", &err), RA_INVALID, &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_fits_into_memory),
        cmocka_unit_test(header_lines_cannot_be_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
