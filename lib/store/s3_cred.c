#include "store/s3_cred.h"

#include "base/file.h"
#include "base/str.h"

#define FILE_LIMIT ((size_t)1 << 20)

static bool have_keys(const struct ra_s3_config *c)
{
    return c->access_key && c->secret_key;
}

static void from_environment(struct ra_s3_config *c, const char *const *env)
{
    const char *access = ra_env_get(env, "AWS_ACCESS_KEY_ID"),
               *secret = ra_env_get(env, "AWS_SECRET_ACCESS_KEY");
    const char *token = ra_env_get(env, "AWS_SESSION_TOKEN");
    if (!access || !secret)
        return;
    c->access_key = ra_arena_strdup(&c->arena, access);
    c->secret_key = ra_arena_strdup(&c->arena, secret);
    c->session_token = token ? ra_arena_strdup(&c->arena, token) : NULL;
    c->origin_of_key = "AWS_ACCESS_KEY_ID in the environment";
}

/* --- the shared files: "[profile]" and "name = value" lines --- */

static char *trim(char *s)
{
    s += strspn(s, " \t");
    size_t n = strlen(s);
    while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
        s[--n] = '\0';
    return s;
}

/* "[name]", and in the config file "[profile name]". */
static bool is_profile(char *line, const char *wanted)
{
    char *end = strchr(line, ']');
    if (!end)
        return false;
    *end = '\0';
    char *name = trim(line + 1);
    if (strncmp(name, "profile ", 8) == 0)
        name = trim(name + 8);
    return ra_streq(name, wanted);
}

static void take_line(struct ra_s3_config *c, char *line)
{
    static const struct {
        const char *name;
        size_t offset;
    } known[] = {{"aws_access_key_id", offsetof(struct ra_s3_config, access_key)},
                 {"aws_secret_access_key", offsetof(struct ra_s3_config, secret_key)},
                 {"aws_session_token", offsetof(struct ra_s3_config, session_token)},
                 {"region", offsetof(struct ra_s3_config, region)}};
    char *equals = strchr(line, '=');
    if (!equals)
        return;
    *equals = '\0';
    const char *name = trim(line), *value = trim(equals + 1);
    for (size_t i = 0; i < RA_COUNT(known); i++) {
        const char **field = (const char **)((char *)c + known[i].offset);
        if (ra_streq(known[i].name, name) && *value && !*field)
            *field = ra_arena_strdup(&c->arena, value);
    }
}

static int from_file(struct ra_s3_config *c, const char *path, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    int rc = ra_file_read(path, FILE_LIMIT, &text, err);
    if (rc < 0)
        return rc;
    bool mine = false;
    char *save = NULL;
    for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        line = trim(line);
        if (*line == '[')
            mine = is_profile(line, c->profile);
        else if (mine && *line != '#' && *line != ';')
            take_line(c, line);
    }
    if (text.data)
        ra_wipe(text.data, text.len);
    return 0;
}

/* The file that `variable` names, else `fallback` below the home folder; "" when there is neither. */
static char *shared_file(const char *const *env, const char *variable, const char *fallback)
{
    const char *given = ra_env_get(env, variable), *home = ra_env_get(env, "HOME");
    if (given)
        return ra_strdup(given);
    return home ? ra_asprintf("%s/%s", home, fallback) : ra_strdup("");
}

/* A file that is not there is no error; one that cannot be read is. */
static int try_file(struct ra_s3_config *c, const char *path, struct ra_err *err)
{
    int rc = *path ? from_file(c, path, err) : 0;
    if (rc == -RA_NOTFOUND) {
        ra_err_clear(err);
        return 0;
    }
    return rc;
}

static int from_profile(struct ra_s3_config *c, const char *const *env, struct ra_err *err)
{
    ra_auto_free char *credentials = shared_file(env, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
    ra_auto_free char *config = shared_file(env, "AWS_CONFIG_FILE", ".aws/config");
    int rc = try_file(c, credentials, err);
    if (rc == 0)
        rc = try_file(c, config, err);
    if (rc < 0)
        return rc;
    ra_auto_free char *origin = ra_asprintf("profile '%s' in '%s'", c->profile, credentials);
    c->origin_of_key = ra_arena_strdup(&c->arena, origin);
    if (have_keys(c))
        return 0;
    rc = ra_fail(err, RA_DENIED, "s3: there is no access key and secret key for bucket '%s'", c->bucket);
    return ra_hint(err, rc,
                   "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give them to profile '%s' in '%s'",
                   c->profile, *credentials ? credentials : "~/.aws/credentials");
}

int ra_s3_credentials(struct ra_s3_config *c, const char *const *env, struct ra_err *err)
{
    const char *named = ra_env_get(env, "AWS_PROFILE");
    bool by_name = c->profile != NULL;
    if (!c->profile)
        c->profile = named ? ra_arena_strdup(&c->arena, named) : "default";
    if (have_keys(c)) {
        c->origin_of_key = "the configuration";
        return 0;
    }
    /* A profile asked for by name goes before whatever keys the environment happens to hold. */
    if (!by_name)
        from_environment(c, env);
    return have_keys(c) ? 0 : from_profile(c, env, err);
}
