/* Layers that are meant to do harm. */
#include "lib/layerlib.h"

#include "base/str.h"

static void names_that_lead_out(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest d =
        t_layer(s, "f ../../etc/passwd x\nf ok y\nf a/../../b z\nl out -> ../../..\nf out/etc/shadow w\n");
    assert_string_equal(t_layers_said(s, &d, 1), "etc/shadow=1 ok=1 out->../../..: warning odd-member");
}

/* pax and GNU headers that go on for ever, each within the bounds of the format. */
static void endless_headers(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    RA_BUF_AUTO tar = {0};
    static char big[(size_t)900 << 10];
    memset(big, 'x', sizeof(big));
    t_tar_members(&tar, "f a 1\n");
    for (int i = 0; i < 20; i++)
        t_tar_member(&tar, 'L', "././@LongLink", "", big, sizeof(big));
    t_tar_members(&tar, "f b 2\n");
    t_tar_end(&tar);
    struct ra_digest d = t_layer_bytes(s, &tar);
    const char *said = t_layers_said(s, &d, 1);
    assert_true(ra_ends_with(said, ": warning bad-layer"));
    assert_true(ra_starts_with(said, "a=1"));
}

/* Each link leads 3.8 kB deeper, so that a file of a short name has a path of 38 kB. */
static void names_that_stand_for_long_paths(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    RA_BUF_AUTO tar = {0};
    RA_BUF_AUTO deep = {0};
    RA_BUF_AUTO name = {0};
    struct t_layers t;
    struct ra_err err = {0};
    for (int i = 0; i < 15 * 256 - 1; i++)
        ra_buf_addc(&deep, i % 256 == 255 ? '/' : 'n');
    for (int i = 0; i < 10; i++) {
        ra_buf_adds(&name, i ? "/l" : "l");
        t_tar_member(&tar, 'K', "././@LongLink", "", ra_buf_str(&deep), deep.len + 1);
        t_tar_member(&tar, '2', ra_buf_str(&name), "-", "", 0);
    }
    for (int i = 0; i < 15000; i++)
        t_tar_members(&tar, t_fmt("f %s/%d x\n", ra_buf_str(&name), i));
    t_tar_end(&tar);
    struct ra_digest d = t_layer_bytes(s, &tar);
    d = t_layer_image(s, "app", &d, 1);
    t_fails(t_layers_read(&t, s, &d, &err), RA_TOOBIG, &err);
    t_layers_release(&t);
}

static void sparse_map_without_end(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    RA_BUF_AUTO tar = {0};
    RA_BUF_AUTO map = {0};
    const char *pax = "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n27 GNU.sparse.name=big.bin\n"
                      "31 GNU.sparse.realsize=9999999\n";
    t_tar_member(&tar, 'x', "pax", "", pax, strlen(pax));
    ra_buf_adds(&map, "9000000\n");
    for (int i = 0; i < 4000000; i++)
        ra_buf_adds(&map, "0\n0\n");
    t_tar_member(&tar, '0', "GNUSparseFile.0/big.bin", "", map.data, map.len);
    t_tar_end(&tar);
    struct ra_digest d = t_layer_bytes(s, &tar);
    assert_string_equal(t_layers_said(s, &d, 1), ": warning bad-layer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_lead_out),
        cmocka_unit_test(endless_headers),
        cmocka_unit_test(names_that_stand_for_long_paths),
        cmocka_unit_test(sparse_map_without_end),
    };
    return T_RUN(tests);
}
