/* Any bytes as a registry's configuration: YAML up to the first NUL, then variables ended by NULs. */
#include "base/vec.h"
#include "format/yaml.h"
#include "registry/regconfig.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void visit(const struct ra_yaml *node, unsigned depth)
{
    assert(depth <= RA_YAML_DEPTH && node->text);
    for (const struct ra_yaml *v = node->first; v; v = v->next) {
        assert((v->key != NULL) == (node->type == RA_YAML_MAP));
        visit(v, depth + 1);
    }
}

static void parse_tree(const char *yaml, size_t n)
{
    struct ra_arena a = {0};
    struct ra_yaml *root;
    if (ra_yaml_parse(&a, yaml, n, &root, NULL) == 0)
        visit(root, 1);
    ra_arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ra_auto_free char *copy = ra_malloc(size + 1);
    memcpy(copy, data, size);
    copy[size] = '\0';
    size_t n = strlen(copy);
    RA_VEC(const char *) env = {0};
    for (size_t at = n + 1; at < size; at += strlen(copy + at) + 1)
        *ra_vec_push(&env) = copy + at;
    *ra_vec_push(&env) = NULL;
    ra_auto_free const char **variables = env.at;
    parse_tree((const char *)data, size);
    RA_REGCONFIG_AUTO c = {0};
    if (ra_regconfig_parse("fuzz", copy, n, variables, &c, NULL) == 0)
        assert(*c.driver && c.root_directory);
    for (size_t i = 0; i < c.n_params; i++)
        assert(c.params[i].key && c.params[i].value);
    ra_regconfig_parse("fuzz", NULL, 0, variables, &c, NULL);
    return 0;
}
