#include "registry/storage.h"

#include "base/str.h"
#include "registry/layout.h"
#include "registry/storage_s3.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

static const char v2_path[] = "docker/registry/v2";

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool has_v2(const char *path)
{
    ra_auto_free char *v2 = ra_asprintf("%s/%s", path, v2_path);
    return is_folder(v2);
}

/* The root directory for a path that is it, or lies between it and its docker/registry/v2. Owned; NULL for
 * neither. */
static char *root_of(const char *path)
{
    static const char *const below[] = {"/docker/registry/v2", "/docker/registry", "/docker"};
    if (has_v2(path))
        return ra_strdup(path);
    ra_auto_free char *real = realpath(path, NULL);
    for (size_t i = 0; real && i < RA_COUNT(below); i++) {
        if (!ra_ends_with(real, below[i]))
            continue;
        size_t n = strlen(real) - strlen(below[i]);
        char *root = n ? ra_strndup(real, n) : ra_strdup("/");
        if (has_v2(root))
            return root;
        free(root);
    }
    return NULL;
}

/* What a verb asked for under a name of its own, no option that finds the storage replaces. */
static int hint_where(const struct ra_storage_where *where, struct ra_err *err, int rc, const char *hint)
{
    return where->root_name
               ? ra_hint(err, rc, "%s is the root directory of a registry, or a bucket s3://BUCKET/PREFIX",
                         where->root_name)
               : ra_hint(err, rc, "%s", hint);
}

static bool is_v1_tree(const char *path)
{
    ra_auto_free char *images = ra_asprintf("%s/images", path);
    ra_auto_free char *repositories = ra_asprintf("%s/repositories", path);
    return is_folder(images) && is_folder(repositories);
}

static int hint_v1(const char *path, struct ra_err *err, int rc)
{
    return ra_hint(err, rc,
                   "it is the storage of an old registry: `regadm ls-v1 %s` shows it, migrate-v1 brings it "
                   "into a new one",
                   path);
}

/* The root directory of the registry that a path lies in, deeper than where root_of looks. Owned; or NULL. */
static char *root_around(const char *path)
{
    ra_auto_free char *real = realpath(path, NULL);
    for (char *slash; real && (slash = strrchr(real, '/')) && slash > real;) {
        *slash = '\0';
        if (has_v2(real))
            return ra_steal_ptr(&real);
    }
    return NULL;
}

static int no_storage(const struct ra_storage_where *where, const char *path, const char *found_by,
                      struct ra_err *err)
{
    struct stat st;
    ra_auto_free char *v2 = ra_asprintf("%s/%s", path, v2_path);
    ra_auto_free char *by = ra_asprintf("%s%s", where->root_name ? "" : "from ", found_by);
    if (stat(path, &st) < 0)
        return hint_where(
            where, err, ra_fail_sys(err, "cannot open the storage '%s' (%s)", path, by),
            "name the registry's root directory with --root DIR, or its config.yml with --config FILE");
    if (!S_ISDIR(st.st_mode))
        return hint_where(where, err, ra_fail(err, RA_NOTFOUND, "'%s' (%s) is no folder", path, by),
                          "--root wants the registry's root directory; for a config.yml use --config");
    if (stat(v2, &st) < 0 && errno != ENOENT)
        return ra_hint(err, ra_fail_sys(err, "cannot look into the storage '%s' (%s)", path, by),
                       "run as root or as the user that owns the storage");
    int rc = ra_fail(err, RA_NOTFOUND, "'%s' (%s) holds no registry storage: it has no folder %s", path, by,
                     v2_path);
    ra_auto_free char *around = root_around(path);
    if (around)
        return ra_hint(err, rc, "it is a part of one: the root directory is '%s'", around);
    if (is_v1_tree(path))
        return hint_v1(path, err, rc);
    return hint_where(
        where, err, rc,
        "a registry makes that folder at its first push; name another root directory with --root DIR");
}

/* What is put into a folder of other things by mistake is hard to take out again. Our own names are no others: a
 * first run may have been cut off. */
static int check_new_root(const struct ra_storage_where *where, const char *path, const char *found_by,
                          struct ra_err *err)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    bool empty = true;
    while (dir && empty && (entry = readdir(dir)))
        empty = entry->d_name[0] == '.' || ra_streq(entry->d_name, "docker") ||
                ra_streq(entry->d_name, "lost+found");
    if (dir)
        closedir(dir);
    /* The old registry and the new one may share a folder. */
    if (empty || is_v1_tree(path))
        return 0;
    int rc = ra_fail(err, RA_EXISTS, "'%s' (%s%s) has other things in it, and holds no registry storage",
                     path, where->root_name ? "" : "from ", found_by);
    return ra_hint(err, rc, "to begin one there all the same, make its folder: mkdir -p '%s/%s'", path,
                   v2_path);
}

static int open_root(const struct ra_storage_where *where, const char *path, struct ra_storage *out,
                     struct ra_err *err)
{
    if (ra_starts_with(path, "s3://"))
        return ra_storage_open_url(where, path, out, err);
    unsigned flags = where->follow ? RA_FS_FOLLOW_OUT : 0;
    ra_auto_free char *root = root_of(path);
    bool empty = !root && (is_folder(path) || access(path, F_OK) < 0);
    int rc = empty && (where->pretend || where->create) ? check_new_root(where, path, out->found_by, err) : 0;
    if (rc < 0)
        return rc;
    if (empty && where->pretend) {
        out->store = ra_mem_open();
        return 0;
    }
    if (empty && where->create)
        return ra_fs_open(path, flags | RA_FS_CREATE, &out->store, err);
    if (!root)
        return no_storage(where, path, out->found_by, err);
    rc = ra_fs_open(root, flags, &out->store, err);
    if (rc == 0)
        ra_store_guard(out->store, RA_V2);
    return rc;
}

static int open_configured(const struct ra_storage_where *where, const char *file, struct ra_storage *out,
                           struct ra_err *err)
{
    int rc = ra_regconfig_load(file, where->env, &out->config, err);
    if (rc < 0)
        return rc;
    out->has_config = true;
    if (ra_streq(out->config.driver, "filesystem"))
        return open_root(where, out->config.root_directory, out, err);
    if (ra_streq(out->config.driver, "s3") || ra_streq(out->config.driver, "s3aws"))
        return ra_storage_open_configured_s3(where, out, err);
    rc = ra_fail(err, RA_UNSUPPORTED, "the configuration (%s) keeps its data with the '%s' driver",
                 out->found_by, out->config.driver);
    return ra_hint(err, rc, "regadm works on storages of the 'filesystem' and 's3' drivers");
}

static bool has_storage_override(const char *const *env)
{
    for (; env && *env; env++)
        if (ra_starts_with(*env, "REGISTRY_STORAGE=") || ra_starts_with(*env, "REGISTRY_STORAGE_"))
            return true;
    return false;
}

/* Where the storage is said to be: a root directory, or a config.yml (NULL: the environment alone). */
struct choice {
    const char *found_by;
    const char *root;
    const char *file;
    bool configured;
};

static struct choice choose(const struct ra_storage_where *where)
{
    const char *root = ra_env_get(where->env, "REGADM_ROOT");
    const char *file = ra_regconfig_find(where->env);
    if (where->root)
        return (struct choice){.found_by = where->root_name ? where->root_name : "--root",
                               .root = where->root};
    if (where->config)
        return (struct choice){.found_by = where->config, .file = where->config, .configured = true};
    if (root)
        return (struct choice){.found_by = "REGADM_ROOT", .root = root};
    if (file)
        return (struct choice){.found_by = file, .file = file, .configured = true};
    if (has_storage_override(where->env))
        return (struct choice){.found_by = "the environment", .configured = true};
    return (struct choice){.found_by = "the default", .root = RA_REGCONFIG_ROOT};
}

int ra_storage_open(const struct ra_storage_where *where, struct ra_storage *out, struct ra_err *err)
{
    struct choice c = choose(where);
    *out = (struct ra_storage){.found_by = ra_strdup(c.found_by)};
    int rc = c.configured ? open_configured(where, c.file, out, err) : open_root(where, c.root, out, err);
    if (rc < 0)
        ra_storage_release(out);
    return rc;
}

void ra_storage_release(struct ra_storage *s)
{
    ra_store_close(s->store);
    ra_regconfig_release(&s->config);
    free(s->found_by);
    *s = (struct ra_storage){0};
}

int ra_storage_is_owned(struct ra_store *store, struct ra_err *err)
{
    struct ra_stat st;
    RA_ERR_AUTO looked = {0};
    int rc = ra_store_stat(store, RA_DATABASE_LOCKFILE, &st, &looked);
    if (rc == -RA_NOTFOUND)
        return 0;
    return rc == 0
               ? 1
               : ra_wrap(err, ra_err_move(err, &looked), "cannot tell whether a database owns this storage");
}

int ra_storage_check_owner(struct ra_store *store, struct ra_err *err)
{
    int rc = ra_storage_is_owned(store, err);
    if (rc <= 0)
        return rc;
    rc = ra_fail(err, RA_BUSY, "refused: '%s' says that a metadata database owns this storage",
                 RA_DATABASE_LOCKFILE);
    return ra_hint(err, rc, "what the database knows is not in the tree: use that registry's own tools");
}
