#include "registry/regconfig.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"
#include "base/vec.h"
#include "format/yaml.h"

/*
 * What the registry does with a variable follows from the types its Go structs have, so the tree here is treated as
 * if it had them: `storage` and `auth` are maps of maps, their members' members have any type. Maps of any type that
 * come from a document are map[interface{}]interface{} there, which no variable can reach into; those that a variable
 * made are map[string]interface{} (ra_yaml.made), which the registry then fails to recognise.
 */
struct loader {
    struct ra_regconfig *c;
    struct ra_yaml *root;
    const char *variable; /* that is being applied, or NULL */
    RA_VEC(const char *) ignored;
    struct ra_err *err;
};

static void loader_auto(struct loader *l)
{
    ra_vec_release(&l->ignored);
}

/* --- the shape of a section --------------------------------------------------------------------------------- */

/* Members of `storage` that are no driver (`tag` since distribution 3). */
static bool is_driver(const char *key)
{
    static const char *const others[] = {"maintenance", "cache", "delete", "redirect", "tag"};
    for (size_t i = 0; i < RA_COUNT(others); i++)
        if (strcmp(key, others[i]) == 0)
            return false;
    return true;
}

static int bad_shape(struct loader *l, const char *what, const char *key)
{
    return ra_fail(l->err, RA_INVALID, "%s '%s' must be a map", what, key);
}

/* *driver stays NULL when there is none. */
static int find_driver(struct loader *l, const struct ra_yaml *storage, const struct ra_yaml **driver)
{
    for (const struct ra_yaml *v = storage ? storage->first : NULL; v; v = v->next) {
        if (!is_driver(v->key))
            continue;
        if (*driver)
            return ra_fail(l->err, RA_INVALID, "more than one storage driver: '%s' and '%s'", (*driver)->key,
                           v->key);
        *driver = v;
    }
    return 0;
}

/* A map of maps; the short form `storage: filesystem` is brought into that shape. */
static int shape_section(struct loader *l, struct ra_yaml *section)
{
    const char *name = ra_yaml_text(section);
    if (name || section->type == RA_YAML_NULL) {
        ra_yaml_clear(section);
        if (name)
            ra_yaml_clear(ra_yaml_make(&l->c->arena, section, name));
    }
    if (section->type != RA_YAML_MAP)
        return bad_shape(l, "the section", section->key);
    for (struct ra_yaml *v = section->first; v; v = v->next) {
        if (v->type == RA_YAML_NULL)
            ra_yaml_clear(v);
        if (v->type != RA_YAML_MAP)
            return bad_shape(l, section->key, v->key);
    }
    const struct ra_yaml *driver = NULL;
    return strcmp(section->key, "storage") == 0 ? find_driver(l, section, &driver) : 0;
}

/* --- the environment ---------------------------------------------------------------------------------------- */

static void replace(struct ra_yaml *to, const struct ra_yaml *from)
{
    to->type = from->type;
    to->plain = from->plain;
    to->made = from->made;
    to->text = from->text;
    to->first = from->first;
}

static void ignore(struct loader *l)
{
    *ra_vec_push(&l->ignored) = ra_arena_strdup(&l->c->arena, l->variable);
}

static char *folded(struct ra_arena *a, const char *part, int shift_from)
{
    char *copy = ra_arena_strdup(a, part);
    for (char *p = copy; *p; p++)
        if (*p >= shift_from && *p < shift_from + 26)
            *p ^= 0x20;
    return copy;
}

/* As in the registry the key of the map is put in upper case, and what the variable says is not. */
static struct ra_yaml *find_key(struct loader *l, struct ra_yaml *map, const char *part)
{
    for (struct ra_yaml *v = map->first; v; v = v->next)
        if (strcmp(folded(&l->c->arena, v->key, 'a'), part) == 0)
            return v;
    return NULL;
}

/* The path's first component ends at the '_' that becomes a NUL; NULL behind the last one. */
static char *split(char *path)
{
    char *underscore = strchr(path, '_');
    if (!underscore)
        return NULL;
    *underscore = '\0';
    return underscore + 1;
}

/* Sets the value at `path` below a section. The maps at level 0 are typed; see above for those below them. */
static void set_below(struct loader *l, struct ra_yaml *map, char *path, unsigned level,
                      const struct ra_yaml *value)
{
    struct ra_arena *a = &l->c->arena;
    for (;; level++) {
        char *rest = split(path);
        struct ra_yaml *child = rest ? find_key(l, map, path) : NULL;
        if (!rest) {
            replace(ra_yaml_make(a, map, folded(a, path, 'A')), value);
            return;
        }
        if (!child || child->type == RA_YAML_NULL) {
            child = ra_yaml_make(a, map, folded(a, path, 'A'));
            ra_yaml_clear(child);
            child->made = true;
        }
        bool reachable = child->type == RA_YAML_MAP && (level == 0 || child->made);
        if (!reachable) {
            ignore(l);
            return;
        }
        map = child;
        path = rest;
    }
}

static bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int apply_to_section(struct loader *l, const char *name, char *path, struct ra_yaml *value)
{
    struct ra_yaml *section = ra_yaml_make(&l->c->arena, l->root, name);
    if (!path) {
        replace(section, value);
        return shape_section(l, section);
    }
    if (starts_with(path, "MAINTENANCE_") && strchr(path + strlen("MAINTENANCE_"), '_')) {
        ignore(l);
        return 0;
    }
    if (section->type != RA_YAML_MAP)
        ra_yaml_clear(section);
    set_below(l, section, path, 0, value);
    return shape_section(l, section);
}

/* A struct of the registry's: only members this program wants are looked at, and these are scalars. */
static void apply_to_struct(struct loader *l, const char *name, const char *path, struct ra_yaml *value)
{
    struct ra_arena *a = &l->c->arena;
    struct ra_yaml *section = ra_yaml_make(a, l->root, name);
    if (!path) {
        replace(section, value);
        return;
    }
    if (strchr(path, '_'))
        return;
    if (section->type != RA_YAML_MAP)
        ra_yaml_clear(section);
    replace(ra_yaml_make(a, section, folded(a, path, 'A')), value);
}

static int apply(struct loader *l, char *path, const char *text)
{
    static const char *const wanted[] = {"storage", "auth", "http", "proxy"};
    struct ra_yaml *value;
    char *rest = split(path);
    for (size_t i = 0; i < RA_COUNT(wanted); i++) {
        if (strcmp(folded(&l->c->arena, wanted[i], 'a'), path) != 0)
            continue;
        int rc = ra_yaml_parse(&l->c->arena, text, strlen(text), &value, l->err);
        if (rc == 0 && i < 2)
            rc = apply_to_section(l, wanted[i], rest, value);
        else if (rc == 0)
            apply_to_struct(l, wanted[i], rest, value);
        return rc == 0 ? 0 : ra_wrap(l->err, rc, "%s", l->variable);
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    size_t nx = strcspn(x, "="), ny = strcspn(y, "=");
    int order = memcmp(x, y, nx < ny ? nx : ny);
    return order ? order : (nx > ny) - (nx < ny);
}

static int apply_environment(struct loader *l, const char *const *env)
{
    RA_VEC(const char *) variables = {0};
    for (; env && *env; env++)
        if (starts_with(*env, "REGISTRY_") && strchr(*env, '='))
            *ra_vec_push(&variables) = *env;
    ra_auto_free const char **sorted = variables.at;
    if (variables.n > 0)
        qsort(sorted, variables.n, sizeof(*sorted), by_name);
    for (size_t i = 0; i < variables.n; i++) {
        const char *equals = strchr(sorted[i], '=');
        l->variable = ra_arena_strndup(&l->c->arena, sorted[i], (size_t)(equals - sorted[i]));
        int rc = apply(l, ra_arena_strdup(&l->c->arena, l->variable + strlen("REGISTRY_")), equals + 1);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* --- what the tree means ------------------------------------------------------------------------------------ */

static const char *param_text(const struct ra_yaml *v)
{
    return v->type == RA_YAML_SCALAR ? v->text : "";
}

struct params {
    RA_VEC(struct ra_param) list;
    struct ra_arena *arena;
};

/* Nested values get keys with dots: headers.x, regions.0. The depth is the YAML tree's, which is limited. */
static void add_params(struct params *p, const char *prefix, const struct ra_yaml *parent)
{
    size_t index = 0;
    for (const struct ra_yaml *v = parent->first; v; v = v->next, index++) {
        char number[24];
        snprintf(number, sizeof(number), "%zu", index);
        ra_auto_free char *key = ra_asprintf("%s%s%s", prefix, *prefix ? "." : "", v->key ? v->key : number);
        if (v->type == RA_YAML_MAP || v->type == RA_YAML_LIST)
            add_params(p, key, v);
        else
            *ra_vec_push(&p->list) = (struct ra_param){ra_arena_strdup(p->arena, key), param_text(v)};
    }
}

static void take_params(struct ra_regconfig *c, const struct ra_yaml *driver)
{
    struct params p = {.arena = &c->arena};
    add_params(&p, "", driver);
    ra_auto_free struct ra_param *list = p.list.at;
    c->n_params = p.list.n;
    c->params = ra_arena_alloc(&c->arena, p.list.n * sizeof(*list));
    if (list)
        memcpy(c->params, list, p.list.n * sizeof(*list));
}

static int take_driver(struct loader *l, const struct ra_yaml *storage)
{
    const struct ra_yaml *driver = NULL;
    int rc = find_driver(l, storage, &driver);
    if (rc != 0)
        return rc;
    if (!driver || !*driver->key)
        return ra_fail(l->err, RA_INVALID, "no storage configuration provided");
    struct ra_regconfig *c = l->c;
    c->driver = driver->key;
    take_params(c, driver);
    const char *root = ra_regconfig_param(c, "rootdirectory");
    bool needs_one = strcmp(c->driver, "filesystem") == 0;
    c->root_directory = root && (*root || !needs_one) ? root : needs_one ? RA_REGCONFIG_ROOT : "";
    return 0;
}

static enum ra_regcache cache_of(const struct ra_yaml *cache)
{
    const struct ra_yaml *v = ra_yaml_get(cache, "blobdescriptor");
    const char *name = ra_yaml_text(v ? v : ra_yaml_get(cache, "layerinfo"));
    if (!name)
        return RA_CACHE_NONE;
    return strcmp(name, "inmemory") == 0 ? RA_CACHE_INMEMORY
           : strcmp(name, "redis") == 0  ? RA_CACHE_REDIS
                                         : RA_CACHE_OTHER;
}

static int take_purging(struct loader *l, const struct ra_yaml *purging)
{
    struct ra_regconfig *c = l->c;
    const char *age = ra_yaml_text(ra_yaml_get(purging, "age"));
    c->purge_enabled = ra_yaml_bool(ra_yaml_get(purging, "enabled"), true);
    if (!age)
        return 0;
    int rc = ra_parse_age(age, &c->purge_age, l->err);
    return rc == 0 ? 0 : ra_wrap(l->err, rc, "storage.maintenance.uploadpurging.age");
}

static int take_all(struct loader *l)
{
    struct ra_regconfig *c = l->c;
    const struct ra_yaml *storage = ra_yaml_get(l->root, "storage"), *auth = ra_yaml_get(l->root, "auth");
    const struct ra_yaml *maintenance = ra_yaml_get(storage, "maintenance");
    int rc = take_driver(l, storage);
    if (rc != 0)
        return rc;
    c->cache = cache_of(ra_yaml_get(storage, "cache"));
    c->delete_enabled = ra_yaml_bool(ra_yaml_get(ra_yaml_get(storage, "delete"), "enabled"), false);
    c->read_only = ra_yaml_bool(ra_yaml_get(ra_yaml_get(maintenance, "readonly"), "enabled"), false);
    c->htpasswd_path = ra_yaml_text(ra_yaml_get(ra_yaml_get(auth, "htpasswd"), "path"));
    c->http_addr = ra_yaml_text(ra_yaml_get(ra_yaml_get(l->root, "http"), "addr"));
    c->proxy_remote = ra_yaml_text(ra_yaml_get(ra_yaml_get(l->root, "proxy"), "remoteurl"));
    c->n_ignored = l->ignored.n;
    c->ignored = ra_arena_alloc(&c->arena, l->ignored.n * sizeof(*c->ignored));
    if (l->ignored.n)
        memcpy(c->ignored, l->ignored.at, l->ignored.n * sizeof(*c->ignored));
    return take_purging(l, ra_yaml_get(maintenance, "uploadpurging"));
}

/* --- loading ------------------------------------------------------------------------------------------------ */

static int check_file(struct loader *l)
{
    const char *version = ra_yaml_text(ra_yaml_get(l->root, "version"));
    if (!version)
        return ra_hint(l->err, ra_fail(l->err, RA_INVALID, "it has no version"),
                       "a configuration of the registry begins with the line version: 0.1");
    if (strcmp(version, "0.1") != 0)
        return ra_hint(l->err, ra_fail(l->err, RA_INVALID, "its version is '%s'", version),
                       "the one that registries know is 0.1");
    static const char *const sections[] = {"storage", "auth"};
    for (size_t i = 0; i < RA_COUNT(sections); i++) {
        struct ra_yaml *section = ra_yaml_get(l->root, sections[i]);
        int rc = section ? shape_section(l, section) : 0;
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int load(struct loader *l, const void *yaml, size_t n, const char *const *env)
{
    int rc = ra_yaml_parse(&l->c->arena, yaml, n, &l->root, l->err);
    if (rc == 0 && yaml)
        rc = check_file(l);
    if (rc != 0)
        return rc;
    if (l->root->type != RA_YAML_MAP)
        ra_yaml_clear(l->root);
    rc = apply_environment(l, env);
    return rc == 0 ? take_all(l) : rc;
}

static void clear(struct ra_regconfig *c)
{
    *c = (struct ra_regconfig){
        .driver = "", .root_directory = "", .purge_enabled = true, .purge_age = 168 * INT64_C(3600000000000)};
}

int ra_regconfig_parse(const char *name, const void *yaml, size_t n, const char *const *env,
                       struct ra_regconfig *out, struct ra_err *err)
{
    ra_regconfig_release(out);
    RA_AUTO(loader, _auto) l = {.c = out, .err = err};
    int rc = load(&l, yaml, n, env);
    if (rc == 0)
        return 0;
    ra_regconfig_release(out);
    return ra_wrap(err, rc, "cannot use '%s'", name);
}

const char *ra_regconfig_find(const char *const *env)
{
    static const char *const usual[] = {"/etc/distribution/config.yml", "/etc/docker/registry/config.yml"};
    const char *named = ra_env_get(env, "REGISTRY_CONFIGURATION_PATH");
    for (size_t i = 0; !named && i < RA_COUNT(usual); i++)
        if (access(usual[i], F_OK) == 0)
            named = usual[i];
    return named;
}

int ra_regconfig_load(const char *path, const char *const *env, struct ra_regconfig *out, struct ra_err *err)
{
    if (!path)
        return ra_regconfig_parse("environment", NULL, 0, env, out, err);
    RA_BUF_AUTO text = {0};
    ra_regconfig_release(out);
    int rc = ra_file_read(path, RA_REGCONFIG_MAX, &text, err);
    if (rc < 0)
        ra_hint(err, rc, "%s",
                rc == -RA_DENIED
                    ? "run as root, or as a user who may read it"
                    : "it should be the registry's config.yml; a storage itself is named by --root DIR");
    return rc == 0 ? ra_regconfig_parse(path, ra_buf_str(&text), text.len, env, out, err) : rc;
}

void ra_regconfig_release(struct ra_regconfig *c)
{
    ra_arena_release(&c->arena);
    clear(c);
}

const char *ra_regconfig_param(const struct ra_regconfig *c, const char *key)
{
    for (size_t i = 0; i < c->n_params; i++)
        if (strcmp(c->params[i].key, key) == 0)
            return c->params[i].value;
    return NULL;
}
