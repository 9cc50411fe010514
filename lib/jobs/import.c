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
    ra_vec_each (b, &im->blobs) {
        free(b->made);
        free(b->refs);
    }
    ra_vec_each (image, &im->images) {
        free((char *)image->pub.repo);
        free((char *)image->pub.tag);
        free(image->source);
        free(image->home);
    }
    ra_vec_each (d, &im->doomed) {
        free(d->repo);
        free(d->tag);
    }
    ra_vec_release(&im->doomed);
    ra_vec_release(&im->blobs);
    ra_vec_release(&im->images);
    ra_digest_set_release(&im->digests);
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
    for (size_t k = 0; k < im->images.n; k++)
        if (!im->images.at[k].dropped && i-- == 0)
            return &im->images.at[k].pub;
    return NULL;
}

/* --- what it is --------------------------------------------------------------------------------------------- */

static int has(const struct ra_import *im, const char *name)
{
    struct ra_found f;
    return ra_members_find(im->members, name, &f, NULL) != -RA_NOTFOUND;
}

static int not_an_archive(const struct ra_import *im, struct ra_err *err)
{
    if (has(im, "docker/registry/v2") || has(im, "docker/registry"))
        return ra_hint(err,
                       ra_fail(err, RA_UNSUPPORTED, "'%s' holds a registry's storage tree, and no images",
                               im->opts.path),
                       "unpack it, and give its folder to --root, or to `regadm copy`");
    return ra_fail(
        err, RA_UNSUPPORTED,
        "'%s' holds no images: there is no index.json, manifest.json, repositories or regadm/header.json",
        im->opts.path);
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

/* A backup is read from front to back; the rest needs its table of contents first, wherever it stands. */
static int open_file(struct ra_import *im, int fd, struct ra_err *err)
{
    RA_AUTO_PTR(ra_input) input = NULL;
    int rc = ra_input_open(fd, im->opts.max_bytes, &input, err);
    if (rc < 0)
        return rc;
    if (ra_input_starts_with(input, RA_BACKUP_HEADER) && im->opts.select.n == 0 && !im->opts.as)
        return ra_import_backup_open(im, ra_steal_ptr(&input), err);
    ra_progress_phase(im->job->progress, "reading the archive", 0, 0);
    int spool = ra_input_settle(input, ra_tmp_folder(im->opts.env), im->job->progress, err);
    if (spool < 0)
        return spool;
    rc = ra_members_open_tar(spool, &im->members, err);
    return rc < 0 ? rc : plan(im, err);
}

static int open_path(struct ra_import *im, struct ra_err *err)
{
    struct stat st;
    const char *path = im->opts.path;
    ra_auto_fd int fd = ra_streq(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                            : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return ra_fail_sys(err, "cannot open '%s'", path);
    if (S_ISDIR(st.st_mode)) {
        int rc = ra_members_open_folder(path, &im->members, err);
        return rc < 0 ? rc : plan(im, err);
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return open_file(im, ra_steal_fd(&fd), err);
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
        return ra_wrap(err, rc, "cannot import '%s'", opts->path);
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
    return rc < 0 ? ra_wrap(err, rc, "cannot import '%s'", im->opts.path) : 0;
}
