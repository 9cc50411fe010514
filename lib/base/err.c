#include "base/err.h"

#include "base/mem.h"

#include <stdarg.h>

void ra_err_release(struct ra_err *err)
{
    int saved = errno;
    free(err->msg);
    free(err->hint);
    *err = (struct ra_err){0};
    errno = saved;
}

enum ra_code ra_code_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return RA_NOTFOUND;
    case EEXIST:
    case ENOTEMPTY:
        return RA_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return RA_DENIED;
    case ENOSPC:
    case EDQUOT:
        return RA_NOSPACE;
    case ENOSYS:
    case EOPNOTSUPP:
        return RA_UNSUPPORTED;
    case EINTR:
    case ECANCELED:
        return RA_CANCELLED;
    default:
        return RA_IO;
    }
}

static void set(struct ra_err *err, enum ra_code code, int sys, char *msg)
{
    ra_err_release(err);
    err->code = code;
    err->sys = sys;
    err->msg = msg;
}

int ra_fail(struct ra_err *err, enum ra_code code, const char *fmt, ...)
{
    if (!err)
        return -(int)code;
    va_list args;
    va_start(args, fmt);
    char *msg = ra_vasprintf(fmt, args);
    va_end(args);
    set(err, code, 0, msg);
    return -(int)code;
}

static int fail_errno(struct ra_err *err, int number, const char *fmt, va_list args)
{
    enum ra_code code = ra_code_of_errno(number);
    if (!err)
        return -(int)code;
    ra_auto_free char *what = ra_vasprintf(fmt, args);
    /* Also from threads: the texts of errors that exist are constants. */
    set(err, code, number, ra_asprintf("%s: %s", what, strerror(number)));
    return -(int)code;
}

int ra_fail_sys(struct ra_err *err, const char *fmt, ...)
{
    int number = errno;
    va_list args;
    va_start(args, fmt);
    int rc = fail_errno(err, number, fmt, args);
    va_end(args);
    return rc;
}

int ra_fail_errno(struct ra_err *err, int number, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int rc = fail_errno(err, number, fmt, args);
    va_end(args);
    return rc;
}

int ra_wrap(struct ra_err *err, int rc, const char *fmt, ...)
{
    if (!err)
        return rc;
    va_list args;
    va_start(args, fmt);
    ra_auto_free char *what = ra_vasprintf(fmt, args);
    va_end(args);
    char *msg = ra_asprintf("%s: %s", what, ra_err_text(err));
    free(err->msg);
    err->msg = msg;
    return rc;
}

int ra_hint(struct ra_err *err, int rc, const char *fmt, ...)
{
    if (!err)
        return rc;
    va_list args;
    va_start(args, fmt);
    char *hint = ra_vasprintf(fmt, args);
    va_end(args);
    free(err->hint);
    err->hint = hint;
    return rc;
}

int ra_err_move(struct ra_err *to, struct ra_err *from)
{
    int rc = -(int)from->code;
    if (to && to != from) {
        ra_err_release(to);
        *to = *from;
        *from = (struct ra_err){0};
    }
    return rc;
}

const char *ra_err_text(const struct ra_err *err)
{
    return err && err->msg ? err->msg : "no error";
}
