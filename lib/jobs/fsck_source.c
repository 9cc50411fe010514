/* Where a repair takes blobs from: another storage, or an archive that carries them under their digests. */
#include "jobs/fsck_parts.h"

#include "base/str.h"
#include "format/members.h"
#include "format/spool.h"
#include "jobs/import.h"
#include "registry/layout.h"

#include <fcntl.h>
#include <sys/stat.h>

struct ra_fsck_source {
    struct ra_store *store;     /* lent; or */
    struct ra_members *archive; /* owned */
    char *where;
};

struct ra_source_blob {
    struct ra_reader *reader;
    struct ra_member_reader member;
    bool in_archive;
};

struct ra_fsck_source *ra_fsck_source_store(struct ra_store *store)
{
    struct ra_fsck_source *s = ra_new(struct ra_fsck_source);
    s->store = store;
    s->where = ra_strdup(ra_store_info(store)->where);
    return s;
}

bool ra_fsck_source_is_archive(const char *path)
{
    struct stat st;
    ra_auto_free char *layout = ra_asprintf("%s/oci-layout", path);
    return stat(path, &st) == 0 && (!S_ISDIR(st.st_mode) || stat(layout, &st) == 0);
}

static int open_file(const struct ra_job *job, int fd, const char *const *env, struct ra_members **out,
                     struct ra_err *err)
{
    RA_AUTO_PTR(ra_input) input = NULL;
    int rc = ra_input_open(fd, RA_IMPORT_MAX_BYTES, &input, err);
    if (rc < 0)
        return rc;
    ra_progress_phase(job->progress, "reading the archive", 0, 0);
    int plain = ra_input_settle(input, ra_tmp_folder(env), job->progress, err);
    return plain < 0 ? plain : ra_members_open_tar(plain, out, err);
}

int ra_fsck_source_archive(const struct ra_job *job, const char *path, const char *const *env,
                           struct ra_fsck_source **out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_fsck_source) s = ra_new(struct ra_fsck_source);
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    s->where = ra_strdup(path);
    if (fd < 0)
        return ra_fail_sys(err, "cannot open '%s'", path);
    int rc;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        rc = ra_members_open_folder(path, &s->archive, err);
    } else {
        rc = open_file(job, fd, env, &s->archive, err);
    }
    if (rc < 0)
        return ra_wrap(err, rc, "cannot read '%s'", path);
    if (!ra_members_has_below(s->archive, "blobs"))
        return ra_hint(err, ra_fail(err, RA_INVALID, "'%s' carries no blobs under their digests", path),
                       "backups of regadm and OCI archives do; old docker-archives do not");
    *out = ra_steal_ptr(&s);
    return 0;
}

void ra_fsck_source_free(struct ra_fsck_source *s)
{
    if (!s)
        return;
    ra_members_close(s->archive);
    free(s->where);
    free(s);
}

static int open_member(const struct ra_fsck_source *s, const struct ra_digest *d, struct ra_source_blob *b,
                       struct ra_err *err)
{
    struct ra_found found;
    char hex[RA_DIGEST_TEXT];
    ra_auto_free char *name =
        ra_asprintf("blobs/%s/%s", ra_alg_name((enum ra_alg)d->alg), ra_digest_hex(d, hex));
    int rc = ra_members_find(s->archive, name, &found, err);
    b->in_archive = rc == 0;
    return rc < 0 ? rc : ra_member_open(s->archive, &found, &b->member, err);
}

int ra_source_blob_open(const struct ra_fsck_source *s, const struct ra_digest *d,
                        struct ra_source_blob **out, struct ra_err *err)
{
    struct ra_key key;
    RA_AUTO_PTR(ra_source_blob) b = ra_new(struct ra_source_blob);
    b->member.fd = -1;
    int rc = s->archive
                 ? open_member(s, d, b, err)
                 : ra_read_open(s->store, ra_key_blob(&key, d), 0, UINT64_MAX, RA_READ_ONCE, &b->reader, err);
    if (rc < 0)
        return ra_wrap(err, rc, "the source '%s' cannot refill it", s->where);
    *out = ra_steal_ptr(&b);
    return 0;
}

ssize_t ra_source_blob_read(struct ra_source_blob *b, void *p, size_t n, struct ra_err *err)
{
    return b->in_archive ? ra_member_read(&b->member, p, n, err) : ra_read(b->reader, p, n, err);
}

void ra_source_blob_close(struct ra_source_blob *b)
{
    if (!b)
        return;
    if (b->in_archive)
        ra_member_reader_release(&b->member);
    ra_read_close(b->reader);
    free(b);
}
