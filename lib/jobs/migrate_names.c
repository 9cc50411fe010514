#include "jobs/migrate_parts.h"

#include "base/file.h"
#include "registry/reference.h"

#include <ctype.h>

#define MAP_MAX ((size_t)16 << 20)

struct rename {
    const char *from, *to;
    bool asked_for; /* by --rename, and not in a file that may serve many registries */
    bool used;
};

struct ra_mig_name_map {
    RA_VEC(struct rename) renames;
    enum ra_migrate_library library;
    bool lowercase;
    struct ra_arena arena;
};

void ra_mig_name_map_free(struct ra_mig_name_map *m)
{
    if (!m)
        return;
    ra_vec_release(&m->renames);
    ra_arena_release(&m->arena);
    free(m);
}

/* "OLD=NEW", or the two with white space between. */
static int add_rename(struct ra_mig_name_map *m, const char *line, size_t n, bool asked_for,
                      struct ra_err *err)
{
    size_t from = 0;
    while (from < n && line[from] != '=' && !isspace((unsigned char)line[from]))
        from++;
    size_t to = from;
    while (to < n && (line[to] == '=' || isspace((unsigned char)line[to])))
        to++;
    if (from == 0 || to == n)
        return ra_fail(err, RA_USAGE, "'%.*s' is no OLD=NEW", (int)n, line);
    if (!ra_repo_name_valid(line + to, n - to))
        return ra_fail(err, RA_USAGE, "'%.*s' is no name that a registry accepts", (int)(n - to), line + to);
    *ra_vec_push(&m->renames) = (struct rename){
        .from = ra_arena_strndup(&m->arena, line, from),
        .to = ra_arena_strndup(&m->arena, line + to, n - to),
        .asked_for = asked_for,
    };
    return 0;
}

static int load_file(struct ra_mig_name_map *m, const char *path, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    int rc = ra_file_read(path, MAP_MAX, &text, err);
    unsigned number = 1;
    for (const char *line = ra_buf_str(&text); rc == 0 && *line; number++) {
        size_t n = strcspn(line, "\n"), end = n;
        const char *next = line + n + (line[n] == '\n');
        for (; end && isspace((unsigned char)*line); end--)
            line++;
        while (end && isspace((unsigned char)line[end - 1]))
            end--;
        if (end && *line != '#' && (rc = add_rename(m, line, end, false, err)) < 0)
            return ra_wrap(err, rc, "'%s', line %u", path, number);
        line = next;
    }
    return rc;
}

int ra_mig_name_map_new(const struct ra_migrate_opts *opts, struct ra_mig_name_map **out, struct ra_err *err)
{
    struct ra_mig_name_map *m = ra_new(struct ra_mig_name_map);
    m->library = (enum ra_migrate_library)opts->library;
    m->lowercase = opts->lowercase;
    *out = m;
    int rc = 0;
    for (size_t i = 0; rc == 0 && opts->renames && i < opts->renames->n; i++)
        rc = add_rename(m, opts->renames->at[i], strlen(opts->renames->at[i]), true, err);
    return rc == 0 && opts->name_map ? load_file(m, opts->name_map, err) : rc;
}

/* "foo" of "library/foo"; NULL for all others, and for "library/a/b". */
static const char *without_library(const char *old)
{
    return ra_starts_with(old, "library/") && !strchr(old + 8, '/') ? old + 8 : NULL;
}

static bool is_about(const struct rename *r, const char *old, const char *short_name)
{
    return ra_streq(r->from, old) || (short_name && ra_streq(r->from, short_name));
}

static const char *renamed(const struct ra_mig_name_map *m, const char *old, const char *short_name)
{
    ra_vec_each (r, &m->renames)
        if (is_about(r, old, short_name))
            return r->to;
    return NULL;
}

void ra_mig_name_map_see(struct ra_mig_name_map *m, const char *old)
{
    const char *short_name = without_library(old);
    ra_vec_each (r, &m->renames)
        r->used |= is_about(r, old, short_name);
}

void ra_mig_name_map_find_unused(const struct ra_mig_name_map *m, struct ra_findings *findings)
{
    ra_vec_each (r, &m->renames)
        if (!r->used)
            ra_find(findings, r->asked_for ? RA_WARNING : RA_NOTE, "v1-rename",
                    &(struct ra_place){.repository = r->from},
                    "it should become '%s', but the old registry has no such repository", r->to);
}

static char *finished(const struct ra_mig_name_map *m, const char *name)
{
    char *copy = ra_strdup(name);
    for (char *c = copy; m->lowercase && *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
    return copy;
}

void ra_mig_name_map_apply(const struct ra_mig_name_map *m, const char *old, char *targets[2])
{
    const char *short_name = without_library(old), *to = renamed(m, old, short_name);
    targets[1] = NULL;
    if (to) {
        targets[0] = ra_strdup(to);
        return;
    }
    targets[0] = finished(m, short_name && m->library != RA_LIBRARY_KEEP ? short_name : old);
    if (short_name && m->library == RA_LIBRARY_BOTH)
        targets[1] = finished(m, old);
}

/* A pattern without a colon means all tags. */
static bool matches(const char *pattern, const char *repo, const char *tag)
{
    const char *colon = strrchr(pattern, ':');
    if (!repo)
        return false;
    if (!colon)
        return ra_glob(pattern, repo);
    ra_auto_free char *repo_pattern = ra_strndup(pattern, (size_t)(colon - pattern));
    return ra_glob(repo_pattern, repo) && ra_glob(colon + 1, tag);
}

bool ra_mig_wants(const struct ra_migrate_opts *opts, const char *old, char *const targets[2],
                  const char *tag)
{
    const struct ra_strlist *patterns = opts->patterns;
    bool wanted = false;
    if (!patterns || patterns->n == 0)
        return true;
    for (size_t i = 0; i < patterns->n; i++) {
        const char *p = patterns->at[i];
        if (!matches(p, old, tag) && !matches(p, targets[0], tag) && !matches(p, targets[1], tag))
            continue;
        wanted = true;
        if (opts->matched)
            opts->matched[i] = true;
    }
    return wanted;
}
