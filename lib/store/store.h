/*
 * Where bytes live: a flat set of keys ("docker/registry/v2/blobs/...") with objects behind them. The model is an
 * object store's: a prefix exists only while a key lies below it, nothing is visible before it is committed, there is
 * no rename. Drivers (the file system, memory, S3) and wrappers (fault injection) implement it behind one contract,
 * store/driver.h; callers ask for abilities (ra_store_info), never for a driver's name.
 *
 * Keys: one or more components joined by '/', no leading or trailing '/', no component empty, "." or "..", no NUL; a
 * prefix is the empty string or such a key followed by '/'. Anything else is RA_INVALID. A driver never touches
 * anything outside its root.
 *
 * Threads: a store serves all threads at once; a list, reader or writer belongs to one thread at a time.
 * Errors: NOTFOUND, EXISTS, DENIED, NOSPACE, IO, TOOBIG, UNSUPPORTED, CANCELLED; messages name the key in quotes.
 * Times are nanoseconds since 1970, UTC.
 */
#ifndef RA_STORE_STORE_H
#define RA_STORE_STORE_H

#include "base/buf.h"
#include "base/err.h"

struct ra_store;

enum ra_cap {
    RA_CAP_LIST_SIZE = 1 << 0, /* a listing gives size and mtime for nothing extra */
    RA_CAP_LIST_FLAT = 1 << 1, /* a deep listing costs no more than a level: ask for few, deep listings */
    RA_CAP_NOREPLACE = 1 << 2, /* RA_WRITE_NOREPLACE is atomic, also against other programs */
    RA_CAP_LOCK = 1 << 3,      /* ra_store_lock keeps other regadms out */
    RA_CAP_FD = 1 << 4,        /* ra_reader_fd gives a descriptor */
    RA_CAP_OWNER = 1 << 5,     /* RA_WANT_OWNER is answered: mode, uid, gid */
    RA_CAP_FOLDERS = 1 << 6,   /* empty prefixes can exist, and are listed */
};

struct ra_store_info {
    const char *driver; /* "filesystem", "s3", "memory" */
    /* For people: "/var/lib/registry"; lives as long as the store; holds no secret. */
    const char *where;
    unsigned caps; /* enum ra_cap */
    /* How many requests at once make it fastest when each has to wait (cold disk, network). */
    unsigned io_width;
    size_t remove_max; /* how many keys one ra_store_remove takes at best */
    size_t list_max;   /* with RA_CAP_LIST_FLAT: how many a request for a listing tells */
};

void ra_store_close(struct ra_store *s); /* NULL is fine */
RA_DEFINE_AUTO_PTR(ra_store, ra_store_close)
const struct ra_store_info *ra_store_info(const struct ra_store *s);

/* --- looking --------------------------------------------------------------------------------- */

enum ra_kind {
    RA_OBJECT, /* has bytes */
    RA_PREFIX, /* a folder */
    /* A device, a socket, a fifo, a symlink that leads nowhere or out of the root; in a listing also one that leads
     * back to a folder on its own way, or comes after too many others. Never read (UNSUPPORTED), never removed, but
     * that ra_store_remove_prefix takes links. */
    RA_OTHER,
};

enum ra_want {
    RA_WANT_SIZE = 1 << 0,  /* size and disk */
    RA_WANT_MTIME = 1 << 1, /* mtime */
    RA_WANT_OWNER = 1 << 2, /* mode, uid, gid, link */
    RA_WANT_ALL = 7,
};

struct ra_stat {
    enum ra_kind kind;
    uint64_t size;
    uint64_t disk; /* bytes it occupies, where the driver knows; else size */
    int64_t mtime;
    uint32_t mode, uid, gid; /* with RA_CAP_OWNER; mode is the permission bits */
    bool link;               /* with RA_CAP_OWNER: reached through a symbolic link of this name */
};

/* What is at `key` (a symlink inside the root is followed). NOTFOUND when nothing is; here and wherever something is
 * read or listed, what would be behind a symlink that leads nowhere, or out of the root, is UNSUPPORTED instead.
 * Without RA_CAP_FOLDERS a prefix may be NOTFOUND too. */
int ra_store_stat(struct ra_store *s, const char *key, struct ra_stat *out, struct ra_err *err);

/* The store's own clock: what mtimes are compared with. */
int ra_store_now(struct ra_store *s, int64_t *out, struct ra_err *err);

enum ra_list_mode {
    /* The names directly below the prefix: objects, and folders as RA_PREFIX (name without '/'). */
    RA_LIST_LEVEL,
    /* Every object below, name relative to the prefix; and RA_OTHER things, among them symlinks to a folder that they
     * lie in. Folders are not given. */
    RA_LIST_DEEP,
    /* The registry's <prefix>/<name>/<leaf>: one entry a <name>. RA_OBJECT: the leaf is there, the stat is the leaf's.
     * RA_PREFIX: a folder without it, or where it is a folder. RA_OTHER: <name> is no folder, or the leaf is RA_OTHER.
     * With want == 0 the leaf is not looked at where that costs extra: RA_OBJECT then only means "a folder is
     * there". */
    RA_LIST_LEAF,
};

struct ra_list_opts {
    enum ra_list_mode mode;
    const char *leaf; /* RA_LIST_LEAF; may hold '/': "current/link" */
    /* enum ra_want; the rest of the stat is undefined except kind; with RA_CAP_OWNER also link: of LEVEL, and of LEAF
     * with want == 0, where it is the <name>'s. */
    unsigned want;
    const char *after;  /* DEEP, with RA_CAP_LIST_FLAT only: names after this one in byte order; NULL: all */
    const char *before; /* likewise: names before this one */
};

struct ra_entry {
    const char *name; /* relative to the prefix */
    struct ra_stat st;
};

struct ra_page { /* at most some thousands of entries, in no promised order */
    const struct ra_entry *at;
    size_t n;
};

struct ra_list;
/* NOTFOUND when the prefix is not there (a driver without folders gives an empty listing instead). */
int ra_list_open(struct ra_store *s, const char *prefix, const struct ra_list_opts *opts,
                 struct ra_list **out, struct ra_err *err);
/* 1: *page is filled and lent until the next call; 0: the end; negative: an error. An entry that cannot be looked at
 * or a subfolder that cannot be entered is an error, never left out in silence; one that vanishes meanwhile is. After
 * an error the next call goes on with what is left, if anything, and comes to the end at last. */
int ra_list_next(struct ra_list *l, struct ra_page *page, struct ra_err *err);
void ra_list_close(struct ra_list *l);
RA_DEFINE_AUTO_PTR(ra_list, ra_list_close)

/* --- reading --------------------------------------------------------------------------------- */

/* Appends a whole object to out (NOTFOUND when it is a folder); TOOBIG (nothing appended) when it is longer than
 * `limit`. `st`, which may be NULL, gets size and mtime of what was read. */
int ra_store_get(struct ra_store *s, const char *key, size_t limit, struct ra_buf *out, struct ra_stat *st,
                 struct ra_err *err);

enum ra_read_flags {
    /* A pass over much data: keep it out of the page cache, but for what was there before. */
    RA_READ_ONCE = 1 << 0,
};

struct ra_reader;
/* Bytes [offset, offset + length) of an object, or to its end; length UINT64_MAX: all. */
int ra_read_open(struct ra_store *s, const char *key, uint64_t offset, uint64_t length, unsigned flags,
                 struct ra_reader **out, struct ra_err *err);
/* Up to n bytes: the number read, 0 at the end, negative on error. An object that is shorter than it was when opened
 * just ends early: who needs a certain length counts. */
ssize_t ra_read(struct ra_reader *r, void *p, size_t n, struct ra_err *err);
/* Size and mtime of the object as it was when opened. */
void ra_reader_stat(const struct ra_reader *r, struct ra_stat *out);
/* A descriptor positioned by nobody (use pread, copy_file_range, FICLONE), or -1. Lent. */
int ra_reader_fd(const struct ra_reader *r);
void ra_read_close(struct ra_reader *r);
RA_DEFINE_AUTO_PTR(ra_reader, ra_read_close)

/* --- writing --------------------------------------------------------------------------------- */

enum ra_write_flags {
    RA_WRITE_REPLACE = 0,        /* the object is replaced in one step */
    RA_WRITE_NOREPLACE = 1 << 0, /* EXISTS at commit when there is one already */
    /* The commit may be put off until ra_store_sync: not visible, not durable before. */
    RA_WRITE_DEFER = 1 << 1,
};

struct ra_writer;
/* Starts an object. `key` may be NULL when the name follows from the bytes: then commit names it. `size_hint` 0:
 * unknown. Nothing is visible until commit; a crash before leaves nothing but, at most, a temporary thing of ours that
 * the next writing regadm clears away. New files and folders take owner, group and mode of the tree they join. */
int ra_write_open(struct ra_store *s, const char *key, unsigned flags, uint64_t size_hint,
                  struct ra_writer **out, struct ra_err *err);
int ra_write(struct ra_writer *w, const void *p, size_t n, struct ra_err *err);
/* Makes the whole content of a reader the content of this (so far empty) writer without copying bytes where the file
 * system can share them. UNSUPPORTED (nothing written; copy then) where it cannot. */
int ra_write_clone(struct ra_writer *w, const struct ra_reader *from, struct ra_err *err);
/* Makes this (so far empty) writer's object and the reader's one and the same file, by a hard link: whoever changes one
 * later changes both. Owner and mode stay the file's. UNSUPPORTED (nothing written) where it cannot. */
int ra_write_link(struct ra_writer *w, const struct ra_reader *from, struct ra_err *err);
/* Makes it durable, then visible, under `key` (or the one given at open when NULL). The writer is gone afterwards, on
 * success and on failure. With RA_WRITE_DEFER, EXISTS is told now or counts as success at sync. */
int ra_write_commit(struct ra_writer *w, const char *key, struct ra_err *err);
void ra_write_abort(struct ra_writer *w); /* NULL is fine */
RA_DEFINE_AUTO_PTR(ra_writer, ra_write_abort)

/* open + write + commit. */
int ra_store_put(struct ra_store *s, const char *key, const void *p, size_t n, unsigned flags,
                 struct ra_err *err);

/* After it, everything committed before is visible and durable, and what was removed is gone for good: the barrier
 * between blobs, links and tags. Each commit that fails is tried on its own; the first failure is returned. */
int ra_store_sync(struct ra_store *s, struct ra_err *err);

/* --- removing -------------------------------------------------------------------------------- */

/* From now on nothing below the prefix `tree` is removed by way of a symlink on its key that leads to another place
 * there: UNSUPPORTED. (A symlink at `tree`, above it, or out of it is passed.) Before threads are at work. */
void ra_store_guard(struct ra_store *s, const char *tree);
/* The key below the guarded tree that `key` is really at, by a symlink on its way or at its end; NULL when it is where
 * it says, out of that tree, or not there. The caller's. */
char *ra_store_elsewhere(struct ra_store *s, const char *key);

#define RA_ANY_AGE INT64_MAX

struct ra_removal {
    const char *key;
    /* The first `keep` bytes of key name a folder that stays even when it is empty afterwards; folders below it
     * that the removal empties go too. Use the length of the last prefix that must live. */
    size_t keep;
    int status;    /* out: 0 removed or was not there; -RA_BUSY younger than allowed; else -code */
    int sys;       /* out: errno behind status, or 0 */
    uint64_t size; /* out: bytes it had, where known */
};

/* Removes objects. An object whose mtime, looked at again right now, is after `not_after` stays (RA_ANY_AGE: no
 * limit, to be written out by every caller who means it). A symlink goes itself, never what it points at; one to a
 * folder is no object. One failing key does not stop the others: look at status. Negative only when the whole call
 * failed. */
int ra_store_remove(struct ra_store *s, struct ra_removal *items, size_t n, int64_t not_after,
                    struct ra_err *err);

/* Removes empty folders below `prefix`, and it too when empty and longer than `keep`; nothing else. No-op without
 * RA_CAP_FOLDERS. A folder changed after `not_after` stays. */
int ra_store_prune(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after,
                   struct ra_err *err);

/* Removes every object below `prefix` that is not after `not_after`, then prunes. Symlinks go, never what they point
 * at: a prefix that is one itself goes too, or is UNSUPPORTED when `keep` holds it. Other RA_OTHER things stay, and are
 * a failure. A prefix that is not there is empty. *removed and *bytes (either may be NULL) are added to. The first
 * failure is returned after all were tried. */
int ra_store_remove_prefix(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after,
                           uint64_t *removed, uint64_t *bytes, struct ra_err *err);

/* --- what only some stores have --- */

/* An upload that was begun and never finished: it shows in no listing, and takes space. */
struct ra_abandoned {
    const char *key; /* that it was to become; lent */
    int64_t started;
    int status; /* with `abort`: 0 or -code */
};
struct ra_abandoned_opts {
    int64_t not_after; /* younger ones are left out: they may be under way */
    bool abort;        /* and give their space back */
    void (*found)(void *arg, const struct ra_abandoned *a); /* may be NULL */
    void *arg;
};
/* Visits those below `prefix`; there are none in a driver that leaves none. */
int ra_store_abandoned(struct ra_store *s, const char *prefix, const struct ra_abandoned_opts *opts,
                       struct ra_err *err);

/* Whether what is removed can still be brought back by the store's own means (a bucket with versioning), and
 * so takes space still. */
int ra_store_keeps_removed(struct ra_store *s, bool *out, struct ra_err *err);

/* How many bytes may still be written, by what the store knows now; UINT64_MAX: nobody knows, or no end of them. */
uint64_t ra_store_room(struct ra_store *s);

/* Requests over a network so far, and how many were repeats after a failure; zeroes for a local store. */
struct ra_traffic {
    uint64_t requests, repeated;
};
void ra_store_traffic(struct ra_store *s, struct ra_traffic *out);

/* --- keeping others out ---------------------------------------------------------------------- */

struct ra_lock;
/* Takes the one lock of writing regadms, at `key`, without waiting; BUSY, naming the holder's `who`, when another has
 * it. A crash frees it. *out is NULL, and the result 0, where the driver has no RA_CAP_LOCK. `beside`, which may be
 * NULL or missing, is a folder that may be locked as well, or instead when the disk has no room for `key`. */
int ra_store_lock(struct ra_store *s, const char *key, const char *beside, const char *who,
                  struct ra_lock **out, struct ra_err *err);
void ra_store_unlock(struct ra_lock *l);
RA_DEFINE_AUTO_PTR(ra_lock, ra_store_unlock)

/* --- drivers --------------------------------------------------------------------------------- */

enum ra_fs_flags {
    RA_FS_FOLLOW_OUT = 1 << 0, /* symbolic links may lead out of the root */
    /* Make the root folder when it is missing; it is taken away again at the end if it still holds nothing. */
    RA_FS_CREATE = 1 << 1,
};
/* The file system below folder `path`. */
int ra_fs_open(const char *path, unsigned flags, struct ra_store **out, struct ra_err *err);

/* An empty store in memory (tests, and the target of dry runs). */
struct ra_store *ra_mem_open(void);

#endif
