/*
 * A wrapper that makes storage calls fail on purpose: for tests. Every call that reaches the wrapped store is counted,
 * from 1, over all threads.
 */
#ifndef RA_STORE_FAULT_H
#define RA_STORE_FAULT_H

#include "store/store.h"

/* A set of these says which calls are counted. */
enum ra_fault_op {
    RA_FAULT_STAT = 1 << 0,
    RA_FAULT_LIST = 1 << 1,   /* list_open and list_next */
    RA_FAULT_READ = 1 << 2,   /* get, read_open, read */
    RA_FAULT_WRITE = 1 << 3,  /* write_open, write, write_clone, write_commit, sync */
    RA_FAULT_REMOVE = 1 << 4, /* remove (each key counts), prune, remove_prefix */
    RA_FAULT_LOCK = 1 << 5,
    RA_FAULT_ALL = 63,
};

enum ra_fault_mode {
    RA_FAULT_ONCE, /* call n fails, later ones work */
    RA_FAULT_STOP, /* call n and all after it fail: the program was cut off there */
    RA_FAULT_KILL, /* the process kills itself with SIGKILL at call n */
};

struct ra_fault_plan {
    uint64_t at; /* which call; 0: none, count only */
    unsigned ops;
    enum ra_fault_mode mode;
    int error; /* errno to fail with: EIO, ENOSPC, EACCES, ENOENT, ... */
};

/* Wraps `inner`, which then belongs to the wrapper (closing it closes both). */
struct ra_store *ra_fault_wrap(struct ra_store *inner, const struct ra_fault_plan *plan);
/* Calls counted so far. */
uint64_t ra_fault_calls(const struct ra_store *s);

/* Reads a plan from a text like "at=12,ops=write+remove,mode=kill,error=EIO" (the REGADM_FAULT variable of test
 * builds). INVALID names the word that is wrong. */
int ra_fault_plan_parse(const char *text, struct ra_fault_plan *out, struct ra_err *err);

#endif
