/*
 * The file system driver's insides, shared by fs*.c and its tests and by nobody else.
 *
 * fs.c       opening, stat, the driver table        fs_write.c    writers
 * fs_path.c  keys to descriptors, never out         fs_publish.c  parking, publishing, syncing
 * fs_list.c  listings                               fs_remove.c   single keys
 * fs_read.c  whole objects and streams              fs_reap.c     whole prefixes, empty folders
 * fs_temp.c  unpublished files                      fs_lock.c     the lock between regadms
 *
 * Functions here that return int and take no ra_err follow the system's way: -1 and errno.
 */
#ifndef RA_STORE_FS_H
#define RA_STORE_FS_H

#include "base/vec.h"
#include "store/driver.h"
#include <stdatomic.h>
#include <sys/stat.h>

/* The folder below the root for files that need a name before they are published; never listed. */
#define RA_FS_STAGING ".regadm-tmp"

/* More ra_fs_open flags, for tests: do without what an old kernel or a plain file system lacks. */
enum ra_fs_lack {
    RA_FS_LACK_OPENAT2 = 1 << 16,
    RA_FS_LACK_TMPFILE = 1 << 17,
};

/* A file that is not an object yet. */
struct ra_fs_temp {
    int fd;  /* -1: none */
    int dir; /* the folder in which it has a name, or -1: it has none */
    char name[40];
};

struct ra_fs_parked { /* finished, waiting for ra_store_sync */
    struct ra_fs_temp temp;
    char *key;
    unsigned flags;
};

struct ra_fs_dirty { /* a file system with changes that may not be durable */
    dev_t dev;
    int fd;
};

struct ra_fs {
    struct ra_store base;
    char *where; /* the root as given */
    char *real;  /* the root without symlinks: what absolute links that lead back inside begin with */
    char *tree;  /* see ra_store_guard; or NULL */
    int root;
    unsigned flags;   /* enum ra_fs_flags, enum ra_fs_lack */
    atomic_bool loud; /* O_NOATIME was refused once: the files are not ours */

    pthread_mutex_t syncing; /* held while parked files are published; taken before `mutex` */
    pthread_mutex_t mutex;   /* guards what follows */
    RA_VEC(struct ra_fs_parked) parked;
    RA_VEC(struct ra_fs_dirty) dirty;
    bool cleared; /* leftovers of dead regadms were looked for */
    bool staged;  /* we made or used the staging folder */
    bool made;    /* we made the root: it goes again if nothing comes to lie in it */
};

/* --- fs_path.c --- */

/* Opens `path` ("" is the root) with O_CLOEXEC. EXDEV: a symlink leads out of the root. */
int ra_fs_resolve(const struct ra_fs *fs, const char *path, int oflags);
/* The same for the folder path[0..len). */
int ra_fs_resolve_folder(const struct ra_fs *fs, const char *path, size_t len, int oflags);
/* Length of the folder part of a key, without the slash: 0 when it lies in the root. */
size_t ra_fs_folder_len(const char *key, size_t len);
/* Of ra_store_elsewhere. */
char *ra_fs_elsewhere(struct ra_store *s, const char *key);
/* The same question for the folder path[0..len). */
bool ra_fs_is_elsewhere(struct ra_fs *fs, const char *path, size_t len);
/* Opens (O_PATH) the nearest folder that exists among key's; *len is the length of its path. */
int ra_fs_nearest(const struct ra_fs *fs, const char *key, size_t *len);

struct ra_fs_look {
    enum ra_kind kind;
    bool link;
    struct stat st; /* of the target where a link leads to one, else of the thing itself */
};
/* Looks at `name` in folder `dir` (or, name "", at dir itself), which is `key` seen from the root. */
int ra_fs_look(const struct ra_fs *fs, int dir, const char *name, const char *key, struct ra_fs_look *out);
/* Looks at a key from the root. */
int ra_fs_look_key(const struct ra_fs *fs, const char *key, struct ra_fs_look *out);
void ra_fs_fill(const struct ra_fs_look *look, struct ra_stat *out);
int64_t ra_fs_mtime(const struct stat *st);
/* Like ra_fail_sys("cannot <verb> '<key>'"), with plainer words for what the driver itself refuses. */
int ra_fs_fail(struct ra_err *err, const char *verb, const char *key);

/* The same for what was looked for: UNSUPPORTED where a link on the way to it leads nowhere. */
int ra_fs_fail_look(const struct ra_fs *fs, struct ra_err *err, const char *verb, const char *key);

/* --- fs_temp.c --- */

/* A new unpublished file on the file system of folder `dir`: unnamed, or named in the staging folder. */
int ra_fs_temp_open(struct ra_fs *fs, int dir, struct ra_fs_temp *out);
/* Named where need be in `dir` itself: for a part of the tree that is a mount of its own. */
int ra_fs_temp_open_beside(struct ra_fs *fs, int dir, struct ra_fs_temp *out);
/* Gives an unnamed one a name, in the staging folder if that can be linked to, else in `dir`. */
int ra_fs_temp_name(struct ra_fs *fs, struct ra_fs_temp *t, int dir);
int ra_fs_temp_link(const struct ra_fs_temp *t, int dir, const char *name);
/* Unlinks and closes. */
void ra_fs_temp_drop(struct ra_fs_temp *t);
/* Removes what regadms that no longer run left in the staging folder. Once a store. */
void ra_fs_temp_clear_stale(struct ra_fs *fs);
/* Takes a write lock that ends with the descriptor. EAGAIN: somebody has it. */
int ra_fs_try_lock(int fd);

/* --- fs_publish.c --- */

/* Opens key's folder, making what is missing like the folder above it. *kept: length of what was there
 * before. */
int ra_fs_make_folder(struct ra_fs *fs, const char *key, size_t *kept);
/* Owner, group and mode of fd as they fit a thing in a folder like this. Never fails: a common user cannot
 * chown. */
void ra_fs_dress(int fd, const struct stat *folder);
/* Makes t durable and then visible; t is used up. */
int ra_fs_publish(struct ra_fs *fs, struct ra_fs_temp *t, const char *key, unsigned flags,
                  struct ra_err *err);
/* Puts t off until sync; t is used up. */
int ra_fs_park(struct ra_fs *fs, struct ra_fs_temp *t, const char *key, unsigned flags, struct ra_err *err);
int ra_fs_sync(struct ra_store *s, struct ra_err *err);
/* Remembers that the file system of a file or folder has to be synced. */
void ra_fs_note_dirty(struct ra_fs *fs, int fd, dev_t dev);
/* Forgets everything parked and dirty. */
void ra_fs_drop_parked(struct ra_fs *fs);

/* --- fs_remove.c --- */

/* Removes the empty folders path[0..len), then those above it, down to the first that is no longer than keep. */
void ra_fs_prune_up(const struct ra_fs *fs, const char *path, size_t len, size_t keep);

/* --- driver functions --- */

int ra_fs_list_open(struct ra_store *s, const char *prefix, const struct ra_list_opts *opts,
                    struct ra_list **out, struct ra_err *err);
int ra_fs_list_next(struct ra_list *l, struct ra_page *page, struct ra_err *err);
void ra_fs_list_close(struct ra_list *l);

int ra_fs_get(struct ra_store *s, const char *key, size_t limit, struct ra_buf *out, struct ra_stat *st,
              struct ra_err *err);
int ra_fs_read_open(struct ra_store *s, const char *key, uint64_t offset, uint64_t length, unsigned flags,
                    struct ra_reader **out, struct ra_err *err);
ssize_t ra_fs_read(struct ra_reader *r, void *p, size_t n, struct ra_err *err);
void ra_fs_reader_stat(const struct ra_reader *r, struct ra_stat *out);
int ra_fs_reader_fd(const struct ra_reader *r);
bool ra_fs_reader_whole(const struct ra_reader *r);
void ra_fs_read_close(struct ra_reader *r);

int ra_fs_write_open(struct ra_store *s, const char *key, unsigned flags, uint64_t size_hint,
                     struct ra_writer **out, struct ra_err *err);
int ra_fs_write(struct ra_writer *w, const void *p, size_t n, struct ra_err *err);
int ra_fs_write_clone(struct ra_writer *w, const struct ra_reader *from, struct ra_err *err);
int ra_fs_write_link(struct ra_writer *w, const struct ra_reader *from, struct ra_err *err);
int ra_fs_write_commit(struct ra_writer *w, const char *key, struct ra_err *err);
void ra_fs_write_abort(struct ra_writer *w);

int ra_fs_remove(struct ra_store *s, struct ra_removal *items, size_t n, int64_t not_after,
                 struct ra_err *err);
int ra_fs_prune(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after, struct ra_err *err);
int ra_fs_remove_prefix(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after,
                        uint64_t *removed, uint64_t *bytes, struct ra_err *err);

int ra_fs_lock(struct ra_store *s, const char *key, const char *beside, const char *who, struct ra_lock **out,
               struct ra_err *err);
void ra_fs_unlock(struct ra_lock *l);

#endif
