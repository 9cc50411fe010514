#include "jobs/import_plan.h"

#include "format/spool.h"
#include "jobs/import_backup.h"

#include <fcntl.h>
#include <sys/stat.h>

void ra_import_free(struct ra_import *im)
{
    if (!im)
        return;
    ra_import_unpark(im);
    ra_vec_each (made, &im->made)
        ra_buf_release(made);
    ra_vec_release(&im->made);
    ra_vec_release(&im->refs);
    ra_vec_each (image, &im->images) {
        free((char *)image->pub.repo);
        free((char *)image->pub.tag);
        free(image->source);
        free(image->home);
        free(image->was);
    }
    ra_vec_each (d, &im->doomed) {
        free(d->repo);
        free(d->tag);
    }
    ra_vec_release(&im->doomed);
    ra_names_release(&im->tags);
    ra_vec_release(&im->tags_image);
    ra_vec_release(&im->shown);
    ra_vec_release(&im->blobs);
    ra_vec_release(&im->images);
    ra_import_docker_free(im->docker);
    ra_import_backup_free(im->backup);
    ra_members_close(im->members);
    free(im);
}

const char *ra_import_status_name(enum ra_import_status s)
{
    static const char *const names[] = {"created", "updated", "unchanged", "skipped"};
    return names[s];
}

const char *ra_import_kind(const struct ra_import *im)
{
    return im->kind;
}

const struct ra_import_counts *ra_import_counts(const struct ra_import *im)
{
    return &im->counts;
}

size_t ra_import_replacing(const struct ra_import *im)
{
    return im->replacing;
}

size_t ra_import_removing(const struct ra_import *im)
{
    return im->removing;
}

const struct ra_import_image *ra_import_image(const struct ra_import *im, size_t i)
{
    return i < im->shown.n ? &im->images.at[im->shown.at[i]].pub : NULL;
}

static void choose_shown(struct ra_import *im)
{
    for (size_t i = 0; i < im->images.n; i++)
        if (!im->images.at[i].dropped)
            *ra_vec_push(&im->shown) = i;
}

bool ra_import_removed(const struct ra_import *im, size_t i, const char **repo, const char **tag)
{
    if (i >= im->doomed.n)
        return false;
    *repo = im->doomed.at[i].repo;
    *tag = im->doomed.at[i].tag;
    return true;
}

/* --- what it is --------------------------------------------------------------------------------------------- */

static int has(const struct ra_import *im, const char *name)
{
    struct ra_found f;
    return ra_members_find(im->members, name, &f, NULL) != -RA_NOTFOUND;
}

static int is_a_tree(struct ra_err *err)
{
    return ra_hint(err, ra_fail(err, RA_UNSUPPORTED, "it is a registry's storage, and no archive"),
                   "`regadm copy` takes one storage into another; a tar of one has to be unpacked before");
}

static int no_images(struct ra_err *err)
{
    return ra_fail(
        err, RA_UNSUPPORTED,
        "it holds no images: there is no index.json, manifest.json, repositories or " RA_BACKUP_HEADER);
}

static int not_an_archive(const struct ra_import *im, struct ra_err *err)
{
    if (ra_members_has_below(im->members, "docker/registry/v2"))
        return is_a_tree(err);
    if (!ra_members_ended(im->members))
        return ra_fail(err, RA_CORRUPT, "it is cut: neither its end is there, nor its table of contents");
    return no_images(err);
}

static int plan_members(struct ra_import *im, struct ra_err *err)
{
    int oci = ra_import_is_oci(im, err);
    if (oci < 0)
        return ra_wrap(err, oci, "index.json");
    if (oci)
        return ra_import_oci(im, err);
    if (has(im, "manifest.json"))
        return ra_import_docker(im, false, err);
    if (has(im, "repositories"))
        return ra_import_docker(im, true, err);
    return has(im, "index.json") ? 0 : not_an_archive(im, err);
}

static void tell_about_end(struct ra_import *im)
{
    if (!ra_members_ended(im->members))
        ra_find(im->job->findings, RA_NOTE, "archive-end", NULL,
                "the archive has no end mark; all that it refers to is there");
    if (ra_members_trailing(im->members))
        ra_find(im->job->findings, RA_WARNING, "archive-end", NULL,
                "more bytes follow the end of the archive; they were not looked at");
}

static int decide(struct ra_import *im, struct ra_err *err)
{
    ra_vec_each (image, &im->images) {
        if (image->dropped)
            continue;
        int rc = image->root == RA_NONE ? ra_import_docker_decide(im, image, err)
                                        : ra_import_decide(im, image, err);
        if (rc < 0)
            return rc;
        im->replacing += image->pub.status == RA_IMPORT_UPDATED && image->pub.tag;
    }
    return 0;
}

static int plan(struct ra_import *im, struct ra_err *err)
{
    im->digests = ra_members_digests(im->members);
    int rc = plan_members(im, err);
    if (rc == 0)
        rc = ra_import_name_all(im, err);
    if (rc == 0)
        rc = decide(im, err);
    if (rc == 0)
        rc = ra_import_check_complete(im, err);
    if (rc == 0)
        tell_about_end(im);
    return rc;
}

/* --- opening ------------------------------------------------------------------------------------------------ */

/* Only a backup says which tags there were, and no others. */
static int no_mirror(const struct ra_import *im, struct ra_err *err)
{
    int rc = ra_fail(err, RA_INVALID, "--mirror needs a backup that regadm export made, as a whole");
    return im->opts.as || im->opts.select.n ? ra_hint(err, rc, "leave out --as and --select") : rc;
}

/* A backup is read from front to back; the rest needs its table of contents first, wherever it stands. */
static int open_file(struct ra_import *im, int fd, struct ra_err *err)
{
    RA_AUTO_PTR(ra_input) input = NULL;
    int rc = ra_input_open(fd, im->opts.max_bytes, &input, err);
    if (rc < 0)
        return rc;
    if (ra_input_starts_with(input, RA_BACKUP_HEADER) && im->opts.select.n == 0 && !im->opts.as)
        return ra_import_backup_open(im, ra_steal_ptr(&input), err);
    if (im->opts.mirror)
        return no_mirror(im, err);
    ra_progress_phase(im->job->progress, "reading the archive", 0, 0);
    int spool = ra_input_settle(input, ra_tmp_folder(im->opts.env), im->job->progress, err);
    if (spool < 0)
        return spool;
    rc = ra_members_open_tar(spool, &im->members, err);
    return rc < 0 ? rc : plan(im, err);
}

/* Looked at before all that is below it is: somebody may give a home folder. */
static int open_folder(struct ra_import *im, int fd, struct ra_err *err)
{
    static const char *const tables[] = {"index.json", "manifest.json", "repositories"};
    bool some = false;
    if (faccessat(fd, "docker/registry/v2", F_OK, 0) == 0 || faccessat(fd, "repositories/", F_OK, 0) == 0)
        return is_a_tree(err);
    for (size_t i = 0; i < RA_COUNT(tables); i++)
        some |= faccessat(fd, tables[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    if (!some)
        return no_images(err);
    if (im->opts.mirror)
        return no_mirror(im, err);
    int rc = ra_members_open_folder(im->opts.path, &im->members, err);
    return rc < 0 ? rc : plan(im, err);
}

static int open_path(struct ra_import *im, struct ra_err *err)
{
    struct stat st;
    const char *path = im->opts.path;
    ra_auto_fd int fd = ra_streq(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                            : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return ra_fail_sys(err, "cannot open it");
    if (S_ISDIR(st.st_mode))
        return open_folder(im, fd, err);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return open_file(im, ra_steal_fd(&fd), err);
}

static int failed(const struct ra_import *im, int rc, struct ra_err *err)
{
    bool piped = ra_streq(im->opts.path, "-");
    ra_auto_free char *what = piped ? ra_strdup("standard input") : ra_asprintf("'%s'", im->opts.path);
    ra_wrap(err, rc, "%s%s", im->opts.look ? "" : "cannot import ", what);
    if (!err || err->hint)
        return rc;
    if (rc == -RA_NOTFOUND || rc == -RA_UNSUPPORTED)
        ra_hint(err, rc, "%s a tar of `docker save`, skopeo, `regadm export` or the like%s",
                piped ? "pipe in" : "name", piped ? "" : ", or the folder of an OCI layout");
    else if (rc == -RA_CORRUPT)
        ra_hint(err, rc, "fetch it again, or have it written again");
    return rc;
}

int ra_import_open(const struct ra_job *job, const struct ra_import_opts *opts, struct ra_import **out,
                   struct ra_err *err)
{
    RA_AUTO_PTR(ra_import) im = ra_new(struct ra_import);
    im->job = job;
    im->opts = *opts;
    im->kind = "archive";
    if (!im->opts.max_bytes)
        im->opts.max_bytes = RA_IMPORT_MAX_BYTES;
    pthread_mutex_init(&im->parked.mutex, NULL);
    int rc = open_path(im, err);
    if (rc < 0)
        return failed(im, rc, err);
    choose_shown(im);
    *out = ra_steal_ptr(&im);
    return 0;
}

/* --- doing it ----------------------------------------------------------------------------------------------- */

static int carry_out(struct ra_import *im, struct ra_err *err)
{
    int rc = im->docker ? ra_import_docker_convert(im, err) : 0;
    if (rc == 0 && im->docker)
        rc = ra_import_check_complete(im, err);
    if (rc == 0)
        rc = ra_import_copy_all(im, err);
    if (rc == 0)
        rc = ra_import_publish(im, err);
    return rc < 0 ? rc : ra_import_write_links(im, err);
}

int ra_import_run(struct ra_import *im, struct ra_err *err)
{
    int rc = im->backup ? ra_import_backup_run(im, err) : carry_out(im, err);
    return rc < 0 ? failed(im, rc, err) : 0;
}
