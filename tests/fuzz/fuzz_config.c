/* Any bytes as an image config: every string of what comes out is there. */
#include "registry/imageconfig.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t length_of(const struct ra_strings *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += strlen(s->at[i]);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RA_IMAGECONFIG_AUTO c = {0};
    int rc = ra_imageconfig_parse(&c, data, size, NULL);
    size_t n = strlen(c.created_text) + strlen(c.author) + strlen(c.docker_version) + strlen(c.user) +
               strlen(c.working_dir) + strlen(c.stop_signal) + strlen(c.platform.os) +
               strlen(c.platform.architecture) + strlen(c.platform.variant) + strlen(c.platform.os_version);
    n += length_of(&c.env) + length_of(&c.entrypoint) + length_of(&c.cmd) + length_of(&c.shell) +
         length_of(&c.on_build);
    n += length_of(&c.exposed_ports) + length_of(&c.volumes) + length_of(&c.diff_ids) +
         length_of(&c.healthcheck.test);
    for (size_t i = 0; i < c.labels.n; i++)
        n += strlen(c.labels.at[i].key) + strlen(c.labels.at[i].value);
    for (size_t i = 0; i < c.history.n; i++)
        n += strlen(c.history.at[i].created) + strlen(c.history.at[i].created_by) +
             strlen(c.history.at[i].author) + strlen(c.history.at[i].comment);
    assert(rc == 0 || n == 0);
    assert(n <= 3 * size);
    return 0;
}
