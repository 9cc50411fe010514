#include "jobs/finding.h"

#include "base/str.h"

#include <assert.h>
#include <stdarg.h>

const struct ra_finding_code ra_finding_codes[] = {
    {"archive-end", "an archive has no end mark, or bytes behind it",
     "it may be cut, or two in one file: compare it with the one it was copied from"},
    {"bad-config",
     "an image config is no JSON or has the wrong form; the image still lists, without its dates",
     "push the image again"},
    {"bad-layer",
     "a layer is no tar archive, or damaged, or unpacks to too much; what was read of it counts"},
    {"bad-link",
     "a link file is empty, cut or holds something else than a digest; what its path names is kept",
     "`regadm fsck --repair` restores what is certain; push the image again, or remove the tag"},
    {"bad-manifest",
     "a manifest is no JSON, too large, has the wrong form or other bytes than its digest says, or what a "
     "tag "
     "points to is none; what the repository links is kept",
     "`regadm fsck` tells which tags need it; push the image again, or refill it from a backup: `regadm fsck "
     "--repair --from BACKUP`"},
    {"blobs-spared", "no blob was removed, as some repository may have been overlooked",
     "mend what the other findings name, and run it again"},
    {"changed", "something changed after it was planned to remove or replace it, and was left alone",
     "run it again: it looks anew"},
    {"corrupt-blob", "a blob's bytes are not what its digest says; fsck --repair moves it aside",
     "push the image again, or refill it from a backup: `regadm fsck --repair --from BACKUP`"},
    {"damaged-blob", "a blob's bytes are not what its digest says, or it changed while it was read",
     "`regadm fsck` tells which images need it"},
    {"damaged-image",
     "an image or manifest lacks a part, or a part is damaged; export leaves it out or fails",
     "`regadm fsck` tells what is wrong with it"},
    {"dangling-layer-link", "a layer link to a blob that is not there and that nothing needs",
     "gc removes it"},
    {"dangling-revision", "a revision link to a manifest that is not there", "gc removes it"},
    {"dangling-tag", "a tag points to a manifest that is not there",
     "push the image again, refill it from a backup, or remove the tag"},
    {"database-in-use",
     "a metadata database says what is in the registry; what its tree shows may be incomplete, or removed "
     "there",
     "use that registry's own tools to see and save all of it"},
    {"foreign-file", "a file that is no part of the layout; left alone"},
    {"guessed-name", "an archive names a tag only; the file's name became the repository",
     "--as gives it another"},
    {"illegal-name", "a repository or tag folder has a name that the registry does not serve"},
    {"leftover", "a temporary file of the registry's own writing", "gc removes it when it is old enough"},
    {"legacy-file", "written by a registry before 2.4, of no use to later ones"},
    {"link-mismatch", "a link names another digest than its path; both are kept", "push the image again"},
    {"linked-folder", "a part of a repository is a symbolic link; what it leads to is kept"},
    {"missing-blob", "a blob that is needed is not there",
     "push the image again, or refill it from a backup: `regadm fsck --repair --from BACKUP`"},
    {"missing-layer-link", "a blob is there, but its repository has no link to it",
     "`regadm fsck --repair` writes the link"},
    {"missing-revision-link",
     "the manifest of a tag, or one that its index names, is there, but its revision link is not",
     "`regadm fsck --repair` writes the link"},
    {"no-blobs", "images are there, but no blob of any", "see whether the disk of the blobs is mounted"},
    {"no-repositories", "the folder of repositories is missing beside blobs",
     "see whether its disk is mounted"},
    {"not-exported", "an image that the archive asked for cannot hold; it was left out"},
    {"not-removed", "something could not be removed", "run it again when the reason is gone"},
    {"not-repaired", "something could not be mended; the message says why"},
    {"not-understood", "a manifest of unknown kind; every digest found in it is kept"},
    {"odd-file",
     "a device, socket, fifo or broken symbolic link in the tree, or a file in a folder's place; never read, "
     "never removed",
     "remove it by hand if nothing needs it"},
    {"odd-member",
     "a layer names files outside the image or with too long a name; they are not part of the image"},
    {"odd-mode", "files that their owner cannot read and write; the registry may fail on them",
     "chmod u+rwX gives them back to their owner"},
    {"odd-owner", "files of another owner than the tree's; the registry may fail on them",
     "chown them to the owner of the rest"},
    {"orphan-blobs", "blobs that nothing refers to", "gc removes them when they are old enough"},
    {"size-mismatch", "a blob has another size than a manifest says; pulls fail", "push the image again"},
    {"sparse-index",
     "an index names a manifest that is not exported: it is not there, or not of the wanted platform"},
    {"symlink", "a symbolic link in the tree; the registry follows it"},
    {"tag-conflict", "a tag is there already and is another image; --replace overwrites it"},
    {"tag-without-link", "a tag folder that holds no current link: no tag, and in nobody's way"},
    {"unlisted-repository",
     "a repository that some version of the registry does not list, or collects wrongly"},
    {"unreadable", "a file or folder cannot be read; what depends on it is kept"},
    {"upload", "a push that was begun and not ended", "gc removes it when it is old enough"},
    {"uploads-unknown", "a bucket does not tell which uploads in parts were cut off",
     "the key needs s3:ListBucketMultipartUploads"},
    {"user-cost-high", "a bcrypt cost that is felt in every request", "hash the password again at 10 to 12"},
    {"user-cost-low", "a bcrypt cost that is cheap to guess", "hash the password again at 10 or more"},
    {"user-glued", "two htpasswd records on one line", "part them, and end the file with a line end"},
    {"user-hash", "an htpasswd record without a usable hash", "set the password again"},
    {"user-name", "a user name that no reader of the htpasswd file finds", "remove the line"},
    {"user-not-bcrypt", "a hash that registries refuse", "set the password again with bcrypt"},
    {"user-twice", "a user with several htpasswd records, of which the last one counts", "remove the others"},
    {"users-long-line", "a line that a reader of the htpasswd file refuses, and the whole file with it",
     "shorten or remove the line"},
    {"users-no-colon", "a line that is no htpasswd record; the registry refuses the whole file",
     "remove the line"},
    {"users-no-end", "an htpasswd file whose last line is not ended", "end it before something is appended"},
    {"v1-assumed", "no image of a tag says what it runs on; Docker of that time ran on linux/amd64 only"},
    {"v1-bad-ancestry", "an old image's ancestry is damaged or differs from its parents, which count"},
    {"v1-bad-metadata", "an old image's json is damaged; its tags are skipped",
     "--salvage bridges images below the top"},
    {"v1-bad-tag", "an old tag's file holds no image id", "push the tag again, or remove the file"},
    {"v1-checksum", "an old layer is whole, but not what its checksum says; --strict skips its tags"},
    {"v1-cycle", "the parents of an old image run in a circle; the tree was tampered with or merged"},
    {"v1-damaged-layer", "an old layer is cut or damaged, or no tar archive",
     "restore the file and migrate again"},
    {"v1-in-progress", "an old image was never pushed to its end, says its marker",
     "--trust-inprogress takes it all the same"},
    {"v1-live", "the old registry was written to meanwhile", "stop it and migrate again"},
    {"v1-lost", "an old image's OnBuild, Healthcheck or Shell has no place in OCI", "leave out --format oci"},
    {"v1-metadata", "a file that looks like an old tag is what was pushed with another one"},
    {"v1-missing-image", "an image that an old tag needs is not there",
     "restore its folder and migrate again"},
    {"v1-missing-layer", "an old image has no layer: its push was cut off, or somebody cleaned up"},
    {"v1-name-collision", "two old repositories have different tags for one new name",
     "--rename one of them"},
    {"v1-no-ancestry", "an old image has no ancestry file; its parents are used"},
    {"v1-no-tags", "an old repository has no tags; nothing of it is migrated"},
    {"v1-nothing", "the old registry has no tags at all"},
    {"v1-orphans", "old images that no tag needs; they are not migrated"},
    {"v1-outside", "an old layer is no file, or a link out of the tree",
     "--follow-symlinks allows the latter"},
    {"v1-private", "an old repository was private; access has to be set up anew"},
    {"v1-recompressed", "an old layer was not gzip; its content is the same, its digest is not"},
    {"v1-rename", "a repository that was to get another name is not in the old registry",
     "`regadm ls-v1` lists those that are"},
    {"v1-salvaged", "an old image's metadata is lost and was bridged; its line in the history is empty"},
    {"v1-tarsum",
     "an old layer is whole, but not what its tarsum says, on which programs of that time did not agree"},
    {"v1-too-deep", "an image has more layers than Docker takes", "build it anew"},
    {"v1-trailing", "an old layer has bytes behind its end; they were dropped"},
    {"v1-two-folders", "an old repository has two folders that disagree on a tag; the newer one counts"},
    {"v1-zero-bytes", "an old layer has no bytes; taken as empty where that can be right"},
    {"vanished", "things went away again and again while they were looked at",
     "stop what writes to the storage, a registry perhaps, and run it again"},
    {"wrong-folder",
     "blob data below a folder that no digest leads to; the registry's own collector fails on it",
     "move it out of the tree"},
    {0},
};

const char *ra_severity_name(enum ra_severity s)
{
    static const char *const names[] = {[RA_NOTE] = "note", [RA_WARNING] = "warning", [RA_ERROR] = "error"};
    return names[s];
}

char *ra_finding_explain(const struct ra_finding_code *c)
{
    return c->advice ? ra_asprintf("%s; %s", c->meaning, c->advice) : ra_strdup(c->meaning);
}

static void release_one(struct ra_finding *f)
{
    free(f->path);
    free(f->repository);
    free(f->tag);
    free(f->digest);
    free(f->message);
}

void ra_findings_release(struct ra_findings *f)
{
    ra_vec_each (one, &f->list)
        release_one(one);
    ra_vec_release(&f->list);
}

/* The table's own string, so that findings can be compared and kept without copies. */
static const char *known_code(const char *code)
{
    for (const struct ra_finding_code *c = ra_finding_codes; c->code; c++)
        if (ra_streq(c->code, code))
            return c->code;
    assert(!"a finding's code is in the table of finding.c");
    return code;
}

static char *copy_or_null(const char *s)
{
    return s ? ra_strdup(s) : NULL;
}

void ra_find(struct ra_findings *f, enum ra_severity severity, const char *code, const struct ra_place *at,
             const char *fmt, ...)
{
    static const struct ra_place nowhere;
    char digest[RA_DIGEST_TEXT];
    if (!at)
        at = &nowhere;
    va_list args;
    va_start(args, fmt);
    struct ra_finding one = {
        .severity = severity,
        .code = known_code(code),
        .path = copy_or_null(at->path),
        .repository = copy_or_null(at->repository),
        .tag = copy_or_null(at->tag),
        .digest = at->digest ? ra_strdup(ra_digest_text(at->digest, digest)) : NULL,
        .message = ra_vasprintf(fmt, args),
    };
    va_end(args);
    RA_LOCKED(&f->mutex);
    *ra_vec_push(&f->list) = one;
}

static void find_failed(struct ra_findings *f, enum ra_severity severity, const char *code,
                        const struct ra_place *at, const char *what, const struct ra_err *why)
{
    ra_find(f, severity, code, at, "%s%s%s%s", what ? what : "", what ? ": " : "", ra_err_text(why),
            why->code == RA_DENIED ? "; run as root, or as the registry's user"
            : why->sys == EIO      ? "; see to the disk"
                                   : "");
}

void ra_find_failed_read(struct ra_findings *f, enum ra_severity severity, const char *bad,
                         const struct ra_place *at, const char *what, const struct ra_err *why)
{
    bool is_bad = why->code == RA_CORRUPT || why->code == RA_TOOBIG;
    find_failed(f, severity, is_bad ? bad : "unreadable", at, what, why);
}

void ra_find_unreadable(struct ra_findings *f, const struct ra_place *at, const struct ra_err *why)
{
    find_failed(f, RA_ERROR, "unreadable", at, NULL, why);
}

int ra_find_or_stop(struct ra_findings *f, const struct ra_place *at, struct ra_err *from, struct ra_err *err)
{
    if (from->code == RA_CANCELLED)
        return ra_err_move(err, from);
    ra_find_unreadable(f, at, from);
    ra_err_clear(from);
    return 0;
}

static int compare_text(const char *a, const char *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

static int compare(const void *left, const void *right)
{
    const struct ra_finding *a = left, *b = right;
    int order = compare_text(a->path, b->path);
    order = order ? order : compare_text(a->code, b->code);
    order = order ? order : compare_text(a->repository, b->repository);
    order = order ? order : compare_text(a->tag, b->tag);
    order = order ? order : compare_text(a->digest, b->digest);
    order = order ? order : compare_text(a->message, b->message);
    return order ? order : (int)b->severity - (int)a->severity;
}

void ra_findings_sort(struct ra_findings *f)
{
    RA_LOCKED(&f->mutex);
    if (f->list.n == 0)
        return;
    qsort(f->list.at, f->list.n, sizeof(*f->list.at), compare);
    size_t kept = 1;
    for (size_t i = 1; i < f->list.n; i++) {
        if (compare(&f->list.at[kept - 1], &f->list.at[i]) == 0)
            release_one(&f->list.at[i]);
        else
            f->list.at[kept++] = f->list.at[i];
    }
    f->list.n = kept;
}

int ra_findings_worst(const struct ra_findings *f)
{
    int worst = -1;
    ra_vec_each (one, &f->list)
        worst = (int)one->severity > worst ? (int)one->severity : worst;
    return worst;
}
