#include "jobs/import_plan.h"

#include "base/names.h"
#include "registry/layout.h"
#include "registry/read.h"
#include "registry/reference.h"

/* --- one name ----------------------------------------------------------------------------------------------- */

/* "repo:tag@digest" in pieces; the tag is lent from name, NULL when there is none. */
static char *split(const char *name, const char **tag, char **owned)
{
    *owned = ra_strndup(name, strcspn(name, "@"));
    char *slash = strrchr(*owned, '/');
    char *colon = strrchr(*owned, ':');
    *tag = NULL;
    if (colon && (!slash || colon > slash)) {
        *colon = '\0';
        *tag = colon + 1;
    }
    return *owned;
}

static const char *without_host(const char *repo)
{
    const char *rest = ra_reference_strip_host(repo);
    if (!rest)
        return repo;
    size_t host = (size_t)(rest - repo) - 1;
    bool hub = (host == 9 && memcmp(repo, "docker.io", 9) == 0) ||
               (host == 15 && memcmp(repo, "index.docker.io", 15) == 0);
    return hub && ra_starts_with(rest, "library/") ? rest + 8 : rest;
}

static int check_repo(const char *repo, struct ra_err *err)
{
    RA_BUF_AUTO safe = {0};
    if (ra_repo_name_valid(repo, strlen(repo)))
        return 0;
    ra_text_safe(&safe, repo, strnlen(repo, 200));
    int rc = ra_fail(err, RA_INVALID, "'%s' is no name that a repository can have", ra_buf_str(&safe));
    return ra_hint(err, rc,
                   "--as REPO:TAG gives it another: lower case letters, digits, and . _ - / between them");
}

static int check_tag(const char *tag, struct ra_err *err)
{
    RA_BUF_AUTO safe = {0};
    if (ra_tag_valid(tag, strlen(tag)))
        return 0;
    ra_text_safe(&safe, tag, strnlen(tag, 200));
    int rc = ra_fail(err, RA_INVALID, "'%s' is no tag", ra_buf_str(&safe));
    return ra_hint(err, rc, "--as REPO:TAG gives it another name");
}

int ra_import_rename(const struct ra_import_opts *opts, const char *repo, char **out, struct ra_err *err)
{
    const char *name = opts->keep_host ? repo : without_host(repo);
    int prefix = opts->prefix ? (int)strnlen(opts->prefix, 4096) : 0;
    while (prefix > 0 && opts->prefix[prefix - 1] == '/')
        prefix--;
    ra_auto_free char *full = prefix ? ra_asprintf("%.*s/%s", prefix, opts->prefix, name) : ra_strdup(name);
    int rc = check_repo(full, err);
    if (rc == 0)
        *out = ra_steal_ptr(&full);
    return rc;
}

/* --- names for images --------------------------------------------------------------------------------------- */

/* "some/where/app.tar.gz" -> "app", when that can be a repository's name. */
static char *name_of_file(const char *path)
{
    static const char *const endings[] = {".gz", ".zst", ".xz", ".bz2", ".tgz", ".tar", ".oci"};
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    const char *slash = memrchr(path, '/', n);
    const char *base = slash ? slash + 1 : path;
    ra_auto_free char *name = ra_strndup(base, (size_t)(path + n - base));
    for (size_t i = 0; i < RA_COUNT(endings); i++)
        if (ra_ends_with(name, endings[i]))
            name[strlen(name) - strlen(endings[i])] = '\0';
    return ra_repo_name_valid(name, strlen(name)) ? ra_steal_ptr(&name) : NULL;
}

static int needs_name(const struct import_image *image, struct ra_err *err)
{
    RA_BUF_AUTO safe = {0};
    char text[RA_DIGEST_TEXT] = "an image";
    if (image->pub.has_digest)
        ra_digest_text(&image->pub.digest, text);
    if (image->source)
        ra_text_safe(&safe, image->source, strnlen(image->source, 200));
    int rc = image->source
                 ? ra_fail(err, RA_INVALID, "'%s' names a tag, and no repository", ra_buf_str(&safe))
                 : ra_fail(err, RA_INVALID, "%s has no name in the archive", text);
    return ra_hint(err, rc, "--as REPO:TAG gives it one");
}

static int name_by_option(struct ra_import *im, struct import_image *image, struct ra_err *err)
{
    const char *tag, *own = NULL;
    ra_auto_free char *as = NULL, *source = NULL;
    split(im->opts.as, &tag, &as);
    if (!tag && image->source && image->bare)
        own = image->source;
    else if (!tag && image->source)
        split(image->source, &own, &source);
    int rc = ra_import_rename(&(struct ra_import_opts){.keep_host = true, .prefix = im->opts.prefix}, as,
                              (char **)&image->pub.repo, err);
    if (rc < 0)
        return rc;
    image->pub.tag = ra_strdup(tag ? tag : own ? own : "latest");
    return check_tag(image->pub.tag, err);
}

static int name_by_archive(struct ra_import *im, struct import_image *image, struct ra_err *err)
{
    const char *tag;
    ra_auto_free char *repo = NULL;
    if (image->bare) {
        tag = image->source;
        repo = im->opts.look ? ra_strdup("-") : name_of_file(im->opts.path);
        if (!repo)
            return needs_name(image, err);
    } else {
        split(image->source, &tag, &repo);
    }
    if (im->opts.look) {
        image->pub.repo = ra_strdup(repo);
        image->pub.tag = ra_strdup(tag ? tag : "latest");
        return 0;
    }
    int rc = ra_import_rename(&im->opts, repo, (char **)&image->pub.repo, err);
    if (rc < 0)
        return rc;
    image->pub.tag = ra_strdup(tag ? tag : "latest");
    struct ra_place at = {.repository = image->pub.repo, .tag = image->pub.tag};
    if (image->bare)
        ra_find(im->job->findings, RA_NOTE, "guessed-name", &at,
                "the archive names the tag only; the file's name was taken");
    return check_tag(image->pub.tag, err);
}

static bool selected(const struct ra_import *im, const struct import_image *image)
{
    RA_BUF_AUTO full = {0};
    const struct ra_strlist *list = &im->opts.select;
    ra_buf_addf(&full, "%s:%s", image->pub.repo, image->pub.tag);
    for (size_t i = 0; i < list->n; i++)
        if (ra_glob(list->at[i], image->pub.repo) || ra_glob(list->at[i], ra_buf_str(&full)) ||
            (image->source && ra_streq(list->at[i], image->source)))
            return true;
    return list->n == 0;
}

/* --- things without a name: artifacts that are about an image, untagged manifests --------------------------- */

static int is_it(void *arg, uint32_t number, struct ra_err *err)
{
    (void)err;
    return number == *(const uint32_t *)arg ? -RA_EXISTS : 0;
}

static bool holds(const struct ra_import *im, const struct import_image *image, uint32_t number)
{
    return image->root != RA_NONE && ra_import_each(im, image->root, is_it, &number, NULL) < 0;
}

/* Puts the nameless image number i beside every image that holds what it is about. */
static bool follow_subject(struct ra_import *im, size_t i)
{
    bool placed = false;
    size_t before = im->images.n;
    for (size_t other = 0; other < before; other++) {
        struct import_image *image = &im->images.at[i], *host = &im->images.at[other];
        if (!host->pub.repo || other == i || !holds(im, host, image->subject))
            continue;
        if (placed && ra_streq(image->pub.repo, host->pub.repo))
            continue;
        if (placed) {
            image = ra_import_add_image(im, NULL, false, image->root);
            host = &im->images.at[other];
        }
        image->pub.repo = ra_strdup(host->pub.repo);
        image->dropped = host->dropped;
        placed = true;
    }
    return placed;
}

static void follow_subjects(struct ra_import *im)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < im->images.n; i++)
            if (!im->images.at[i].pub.repo && im->images.at[i].subject != RA_NONE)
                more |= follow_subject(im, i);
    }
}

/* The one repository that all named images go to, or NULL. */
static const char *only_repo(const struct ra_import *im)
{
    const char *repo = NULL;
    for (size_t i = 0; i < im->images.n; i++) {
        const char *have = im->images.at[i].pub.repo;
        if (have && repo && !ra_streq(have, repo))
            return NULL;
        repo = have ? have : repo;
    }
    return repo;
}

/* Under what the archive calls its repository. */
static int place_at_home(struct ra_import *im, struct import_image *image, struct ra_err *err)
{
    struct ra_import_opts opts = {.keep_host = true, .prefix = im->opts.prefix};
    int rc = ra_import_rename(&opts, image->home, (char **)&image->pub.repo, err);
    image->dropped = im->opts.select.n > 0;
    for (size_t i = 0; rc == 0 && i < im->opts.select.n; i++)
        image->dropped &= !ra_glob(im->opts.select.at[i], image->pub.repo);
    return rc;
}

static int place_nameless(struct ra_import *im, struct ra_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < im->images.n && rc == 0; i++)
        if (!im->images.at[i].pub.repo && im->images.at[i].home && !im->opts.as)
            rc = place_at_home(im, &im->images.at[i], err);
    if (rc < 0)
        return rc;
    follow_subjects(im);
    const char *repo = only_repo(im);
    ra_vec_each (image, &im->images) {
        if (image->pub.repo)
            continue;
        if ((!repo || image->root == RA_NONE) && !im->opts.look)
            return needs_name(image, err);
        image->pub.repo = ra_strdup(repo && image->root != RA_NONE ? repo : "-");
        image->dropped = im->opts.select.n > 0;
    }
    return 0;
}

/* --- all of them -------------------------------------------------------------------------------------------- */

static bool same_image(const struct import_image *a, const struct import_image *b)
{
    return a->root == b->root && (a->root != RA_NONE || a->docker == b->docker);
}

static int check_twins(struct ra_import *im, struct ra_err *err)
{
    RA_NAMES_AUTO names = {0};
    RA_BUF_AUTO full = {0};
    RA_VEC(size_t) first = {0};
    int rc = 0;
    for (size_t i = 0; i < im->images.n && rc == 0; i++) {
        struct import_image *image = &im->images.at[i];
        bool fresh;
        if (!image->pub.tag || image->dropped)
            continue;
        ra_buf_clear(&full);
        ra_buf_addf(&full, "%s:%s", image->pub.repo, image->pub.tag);
        uint32_t number = ra_names_add(&names, ra_buf_str(&full), full.len, &fresh);
        if (fresh)
            *ra_vec_push(&first) = i;
        else if (same_image(image, &im->images.at[first.at[number]]))
            image->dropped = true;
        else
            rc = ra_fail(err, RA_INVALID, "two different images would become '%s'", ra_buf_str(&full));
    }
    ra_vec_release(&first);
    return rc < 0 ? ra_hint(err, rc, "--select REF takes one of them; --keep-host keeps hosts apart") : 0;
}

static size_t count_wanted(const struct ra_import *im)
{
    size_t n = 0;
    for (size_t i = 0; i < im->images.n; i++)
        n += !im->images.at[i].dropped;
    return n;
}

static int check_wanted(struct ra_import *im, struct ra_err *err)
{
    if (count_wanted(im) == 0)
        return im->images.n == 0
                   ? ra_fail(err, RA_NOTFOUND, "the archive holds no image")
                   : ra_hint(err, ra_fail(err, RA_NOTFOUND, "the archive has nothing that was selected"),
                             "`regadm archive` lists what it has");
    return check_twins(im, err);
}

int ra_import_name_all(struct ra_import *im, struct ra_err *err)
{
    for (size_t i = 0; i < im->images.n; i++) {
        struct import_image *image = &im->images.at[i];
        bool sole = im->images.n == 1 || (image->root == RA_NONE && !image->source);
        if (!im->opts.as && !image->source)
            continue;
        if (!image->source && !sole)
            continue;
        int rc = im->opts.as ? name_by_option(im, image, err) : name_by_archive(im, image, err);
        if (rc < 0)
            return rc;
        image->dropped = !selected(im, image);
    }
    int rc = place_nameless(im, err);
    return rc < 0 ? rc : check_wanted(im, err);
}

/* --- what is there already ---------------------------------------------------------------------------------- */

static void keep_tag(struct ra_import *im, struct import_image *image, const struct ra_digest *have)
{
    char text[RA_DIGEST_TEXT];
    struct ra_place at = {.repository = image->pub.repo, .tag = image->pub.tag, .digest = &image->pub.digest};
    image->pub.status = RA_IMPORT_SKIPPED;
    ra_find(im->job->findings, RA_WARNING, "tag-conflict", &at,
            "the tag points to %s and was left alone; --replace moves it", ra_digest_text(have, text));
}

void ra_import_note_tag(struct import_image *image, const struct ra_digest *have)
{
    if (image->looked)
        return;
    image->looked = true;
    image->was = have ? ra_memdup(have, sizeof(*have)) : NULL;
}

int ra_import_decide(struct ra_import *im, struct import_image *image, struct ra_err *err)
{
    struct ra_key key;
    struct ra_digest have;
    const struct ra_import_image *pub = &image->pub;
    int rc = ra_link_read(im->job->store,
                          pub->tag ? ra_key_tag_current(&key, pub->repo, pub->tag)
                                   : ra_key_revision(&key, pub->repo, &pub->digest),
                          &have, NULL, err);
    if (rc < 0 && rc != -RA_NOTFOUND && rc != -RA_CORRUPT)
        return rc;
    ra_err_clear(err);
    ra_import_note_tag(image, rc < 0 ? NULL : &have);
    if (rc < 0)
        image->pub.status = RA_IMPORT_CREATED;
    else if (ra_digest_eq(&have, &pub->digest))
        image->pub.status = RA_IMPORT_UNCHANGED;
    else if (im->opts.replace || !pub->tag)
        image->pub.status = RA_IMPORT_UPDATED;
    else
        keep_tag(im, image, &have);
    return 0;
}

/* --- what came since ---------------------------------------------------------------------------------------- */

static bool is_as_it_was(void *arg, const char *repo, const char *tag, const struct ra_digest *have)
{
    struct ra_import *im = arg;
    ra_auto_free char *full = ra_asprintf("%s:%s", repo, tag);
    uint32_t number = ra_names_find(&im->tags, full, strlen(full));
    struct import_image *image = number == RA_NO_NAME ? NULL : &im->images.at[im->tags_image.at[number]];
    if (!image || (image->was && ra_digest_eq(have, image->was)))
        return true;
    image->pub.status = RA_IMPORT_SKIPPED;
    ra_find(im->job->findings, RA_WARNING, "changed",
            &(struct ra_place){.repository = repo, .tag = tag, .digest = &image->pub.digest},
            "the tag was written since it was looked at, and stays");
    return false;
}

void ra_import_guard_tags(struct ra_import *im, struct ra_put *put)
{
    RA_BUF_AUTO full = {0};
    for (size_t i = 0; i < im->images.n; i++) {
        const struct import_image *image = &im->images.at[i];
        if (!image->pub.tag || image->dropped || image->pub.status == RA_IMPORT_SKIPPED)
            continue;
        ra_buf_clear(&full);
        ra_buf_addf(&full, "%s:%s", image->pub.repo, image->pub.tag);
        bool fresh;
        ra_names_add(&im->tags, ra_buf_str(&full), full.len, &fresh);
        if (fresh)
            *ra_vec_push(&im->tags_image) = i;
    }
    ra_put_ask(put, is_as_it_was, im);
}
