#include "jobs/survey_parts.h"

#include "base/str.h"
#include "registry/reference.h"

/*
 * Level by level: all folders of one depth are listed in parallel, what they hold that may be a repository is the
 * next level. Names that begin with '_' are the registry's own and are not entered.
 */
struct level {
    struct ra_survey_run *run;
    const char **names; /* below repositories/, without '/' at the end; "" is that folder itself */
    size_t n;
};

struct folder {
    struct ra_survey_run *run;
    struct ra_survey_worker *w;
    const char *name;
    unsigned flags;
    bool listing; /* subfolders are wanted too */
};

static const char *key_of(struct ra_survey_worker *w, const char *name)
{
    return *name ? ra_key_repo(&w->key, name) : RA_REPOSITORIES;
}

static void incomplete(struct ra_survey_run *run, const char *code, const char *path, const char *why)
{
    ra_find(run->job->findings, RA_ERROR, code, &(struct ra_place){.path = path}, "%s", why);
    run->out->complete = false;
}

#define PARTS (RA_REPO_MANIFESTS | RA_REPO_LAYERS | RA_REPO_UPLOADS)

static unsigned part_of(const struct ra_entry *e)
{
    return ra_streq(e->name, "_manifests") ? RA_REPO_MANIFESTS
           : ra_streq(e->name, "_layers")  ? RA_REPO_LAYERS
           : ra_streq(e->name, "_uploads") ? RA_REPO_UPLOADS
                                           : 0;
}

static void take_part(struct folder *f, const struct ra_entry *e)
{
    unsigned part = part_of(e);
    bool folder = e->st.kind == RA_PREFIX || (e->st.kind == RA_OTHER && ra_survey_is_link(f->run, e));
    if (folder)
        f->flags |= part;
    if (folder || !part || !ra_survey_has_folders(f->run))
        return;
    ra_auto_free char *path = ra_asprintf("%s%s", key_of(f->w, f->name), e->name);
    struct ra_survey_repo repo = {.name = f->name};
    ra_survey_find_odd(f->run, &repo, path, false);
    f->flags |= RA_REPO_PROTECT;
}

static void go_down(struct folder *f, const char *name)
{
    ra_buf_clear(&f->w->buf);
    ra_buf_addf(&f->w->buf, "%s%s%s", f->name, *f->name ? "/" : "", name);
    if (f->w->buf.len > RA_REPO_NAME_MAX)
        incomplete(f->run, "illegal-name", key_of(f->w, f->name), "folders in it are nested too deeply");
    else
        *ra_vec_push(&f->w->names) = ra_arena_strndup(f->w->arena, f->w->buf.data, f->w->buf.len);
}

/* Behind a link may be anything; in a fifo, a socket or a device there is nothing. */
static void take_odd(struct folder *f, const char *name)
{
    struct ra_store *store = f->run->job->store;
    ra_auto_free char *path = ra_asprintf("%s%s", key_of(f->w, f->name), name);
    struct ra_stat st;
    bool known = ra_store_info(store)->caps & RA_CAP_OWNER && ra_store_stat(store, path, &st, NULL) == 0;
    if (known && st.link)
        incomplete(f->run, "unreadable", path,
                   "a symbolic link that leads nowhere or out of the storage, and repositories may be behind "
                   "it: mount what it leads to, use --follow-symlinks, or remove the link");
    else if (known && st.kind == RA_OTHER)
        ra_find(f->run->job->findings, RA_WARNING, "odd-file", &(struct ra_place){.path = path},
                "a fifo, socket or device among the repositories: never read, never removed");
    else
        incomplete(f->run, "unreadable", path,
                   "it is neither a folder nor a file, and repositories may be behind it");
}

/* One that leads out of the tree is a repository like others, only in another place. */
static void note_alias(struct folder *f, const char *name)
{
    ra_auto_free char *path = ra_asprintf("%s%s", key_of(f->w, f->name), name);
    if (ra_survey_note_link(f->run, f->w, path, true))
        ra_find(f->run->job->findings, RA_NOTE, "linked-folder", &(struct ra_place){.path = path},
                "a symbolic link to another repository or folder of them: nothing is removed through it");
}

static int take_entry(void *arg, const struct ra_entry *e, struct ra_err *err RA_UNUSED)
{
    struct folder *f = arg;
    if (e->name[0] == '_' && *f->name)
        take_part(f, e);
    else if (e->name[0] == '_' || e->st.kind == RA_OBJECT || !f->listing)
        return 0;
    else if (e->st.kind == RA_PREFIX) {
        if (ra_survey_is_link(f->run, e))
            note_alias(f, e->name);
        go_down(f, e->name);
    } else
        take_odd(f, e->name);
    return 0;
}

/* A folder that its parent named and that is gone: really gone only when a second listing and a look say so too. */
static int list_folder(struct folder *f, struct ra_err *err)
{
    struct ra_stat st;
    for (int attempt = 0;; attempt++) {
        const char *prefix = key_of(f->w, f->name);
        size_t names = f->w->names.n;
        f->flags = 0;
        int rc = ra_survey_each(f->run, prefix, RA_LIST_LEVEL, NULL, 0, take_entry, f, err);
        if (rc != -RA_NOTFOUND || attempt == 2)
            return rc;
        f->w->names.n = names;
        ra_err_clear(err);
        ra_auto_free char *key = ra_strndup(prefix, strlen(prefix) - 1);
        if ((rc = ra_store_stat(f->run->job->store, key, &st, err)) < 0)
            return rc;
    }
}

static void add_repo(struct folder *f)
{
    struct ra_survey_run *run = f->run;
    if (!(f->flags & PARTS) || (run->opts->wanted && !run->opts->wanted(run->opts->arg, f->name)))
        return;
    if (!ra_repo_name_valid(f->name, strlen(f->name))) {
        f->flags |= RA_REPO_ILLEGAL;
        ra_find(run->job->findings, RA_WARNING, "illegal-name",
                &(struct ra_place){.path = key_of(f->w, f->name), .repository = f->name},
                "no repository may be called so: the registry does not serve it; `regadm rm -r` removes it");
    }
    *ra_vec_push(&f->w->repos) = (struct ra_survey_repo){.name = f->name, .flags = f->flags};
}

/* Where folders are but prefixes of keys, one without any is the one that is missing. */
static bool is_missing(const struct folder *f, int rc)
{
    bool folders = ra_store_info(f->run->job->store)->caps & RA_CAP_FOLDERS;
    return rc == -RA_NOTFOUND || (rc == 0 && !folders && f->w->names.n == 0);
}

static int find_in_folder(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct level *level = arg;
    struct ra_survey_run *run = level->run;
    struct folder f = {.run = run, .w = &run->workers[worker], .name = level->names[i], .listing = true};
    RA_ERR_AUTO trouble = {0};
    int rc = list_folder(&f, &trouble);
    add_repo(&f);
    if (*f.name == '\0')
        run->out->no_repositories = is_missing(&f, rc);
    if (rc == 0 || rc == -RA_NOTFOUND)
        return 0;
    run->out->complete = false;
    return ra_find_or_stop(run->job->findings, &(struct ra_place){.path = key_of(f.w, f.name)}, &trouble,
                           err);
}

static void next_level(struct level *level)
{
    struct ra_survey_run *run = level->run;
    size_t n = 0;
    for (unsigned i = 0; i < run->threads; i++)
        n += run->workers[i].names.n;
    level->names = ra_realloc_array(level->names, n + 1, sizeof(*level->names));
    level->n = 0;
    for (unsigned i = 0; i < run->threads; i++) {
        ra_vec_each (name, &run->workers[i].names)
            level->names[level->n++] = *name;
        run->workers[i].names.n = 0;
    }
}

/* Where folders are things of their own, this one does not go by itself while there are blobs: who takes it for an
 * empty registry may lose all of it. */
static bool lost_repositories(const struct ra_survey_run *run)
{
    struct ra_store *store = run->job->store;
    return run->out->no_repositories && ra_store_info(store)->caps & RA_CAP_FOLDERS &&
           ra_sure_any_blob(store);
}

int ra_survey_find_repos(struct ra_survey_run *run, struct ra_err *err)
{
    struct level level = {.run = run, .names = ra_calloc(1, sizeof(*level.names)), .n = 1};
    int rc = 0;
    level.names[0] = "";
    ra_progress_phase(run->job->progress, "finding repositories", 0, 0);
    while (rc == 0 && level.n > 0) {
        rc = ra_parallel_io(run->threads, level.n, find_in_folder, &level, err);
        next_level(&level);
    }
    free(level.names);
    if (rc == 0 && lost_repositories(run))
        incomplete(run, "no-repositories", RA_REPOSITORIES, "there are blobs, but no folder of repositories");
    return rc;
}

int ra_survey_look_again(struct ra_survey_run *run, struct ra_survey_worker *w, struct ra_survey_repo *repo,
                         struct ra_err *err)
{
    struct folder f = {.run = run, .w = w, .name = repo->name};
    RA_ERR_AUTO trouble = {0};
    int rc = list_folder(&f, &trouble);
    if (rc == 0 || rc == -RA_NOTFOUND) {
        repo->flags = (repo->flags & ~(unsigned)(PARTS | RA_REPO_AGAIN)) | f.flags;
        return 0;
    }
    repo->flags = (repo->flags & ~RA_REPO_AGAIN) | RA_REPO_PROTECT | RA_REPO_UNLISTED;
    return ra_find_or_stop(run->job->findings,
                           &(struct ra_place){.path = key_of(w, repo->name), .repository = repo->name},
                           &trouble, err);
}
