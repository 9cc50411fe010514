/* The tables of verbs and options are without mistakes that only somebody who types an option would meet. */
#include "lib/testlib.h"

#include "cmd.h"

static void options_are_told_apart(void **state)
{
    (void)state;
    for (const struct ra_cmd *const *c = ra_commands; *c; c++) {
        struct ra_opt shared[RA_GLOBAL_ROWS];
        ra_cmd_globals(*c, shared);
        const struct ra_opt_group groups[] = {{"Options", (*c)->opts, NULL},
                                              {"Common options", shared, NULL}};
        const char *wrong = ra_opt_check(groups, RA_COUNT(groups));
        if (wrong)
            fail_msg("%s: %s", (*c)->name, wrong);
    }
}

static void verbs_are_told_apart(void **state)
{
    (void)state;
    for (const struct ra_cmd *const *c = ra_commands; *c; c++) {
        assert_ptr_equal(ra_cmd_lookup((*c)->name), *c);
        for (const char *const *alias = (*c)->aliases; alias && *alias; alias++)
            assert_ptr_equal(ra_cmd_lookup(*alias), *c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_told_apart),
        cmocka_unit_test(verbs_are_told_apart),
    };
    return T_RUN(tests);
}
