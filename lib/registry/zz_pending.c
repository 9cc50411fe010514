/* Stands in until the readers of configurations are there; their own definitions win. */
#include "registry/imageconfig.h"
#include "registry/regconfig.h"

__attribute__((weak)) int ra_imageconfig_parse(struct ra_imageconfig *c, const void *bytes, size_t n,
                                               struct ra_err *err)
{
    (void)c;
    (void)bytes;
    (void)n;
    return ra_fail(err, RA_UNSUPPORTED, "image configs cannot be read yet");
}

__attribute__((weak)) void ra_imageconfig_release(struct ra_imageconfig *c)
{
    (void)c;
}

__attribute__((weak)) int ra_regconfig_load(const char *path, const char *const *env,
                                            struct ra_regconfig *out, struct ra_err *err)
{
    (void)path;
    (void)env;
    (void)out;
    return ra_fail(err, RA_UNSUPPORTED, "configurations cannot be read yet");
}

__attribute__((weak)) void ra_regconfig_release(struct ra_regconfig *c)
{
    (void)c;
}
