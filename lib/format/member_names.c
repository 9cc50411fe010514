#include "format/member_names.h"

#include "base/str.h"

int ra_member_refuse(const char *name, size_t n, const char *why, struct ra_err *err)
{
    RA_BUF_AUTO safe = {0};
    ra_text_safe(&safe, name, n < 200 ? n : 200);
    return ra_fail(err, RA_INVALID, "member '%s': %s", ra_buf_str(&safe), why);
}

const char *ra_member_text_fault(const char *s, size_t n)
{
    uint32_t cp;
    size_t step;
    for (size_t i = 0; i < n; i += step) {
        if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
            return "its name has a control character";
        if ((step = ra_utf8_decode(s + i, n - i, &cp)) == 0)
            return "its name is not UTF-8";
    }
    return NULL;
}

/* Appends the components of path to `out`, which holds the folder they start from; NULL, or what is wrong. */
static const char *join(struct ra_buf *out, const char *path, size_t n, bool may_climb)
{
    const char *end = path + n;
    while (path < end) {
        const char *slash = memchr(path, '/', (size_t)(end - path));
        size_t len = (size_t)((slash ? slash : end) - path);
        if (len == 2 && memcmp(path, "..", 2) == 0) {
            if (!may_climb || out->len == 0)
                return may_climb ? "it leads out of the archive" : "its name has '..' in it";
            const char *last = memrchr(out->data, '/', out->len);
            out->len = last ? (size_t)(last - out->data) : 0;
        } else if (len > 0 && !(len == 1 && *path == '.')) {
            if (out->len)
                ra_buf_addc(out, '/');
            ra_buf_add(out, path, len);
        }
        path = slash ? slash + 1 : end;
    }
    if (out->data)
        out->data[out->len] = '\0';
    return NULL;
}

const char *ra_member_smooth(struct ra_buf *out, const char *name, size_t n)
{
    const char *fault = ra_member_text_fault(name, n);
    if (!fault && n && name[0] == '/')
        fault = "its name is absolute";
    return fault ? fault : join(out, name, n, false);
}

const char *ra_member_link_target(struct ra_buf *out, const char *name, const char *link, size_t n, bool hard)
{
    const char *fault = ra_member_text_fault(link, n);
    if (fault || n == 0)
        return "what it links to is no name";
    if (link[0] == '/')
        return "it links to an absolute name";
    const char *slash = strrchr(name, '/');
    if (!hard && slash)
        ra_buf_add(out, name, (size_t)(slash - name));
    fault = join(out, link, n, true);
    return fault ? fault : out->len == 0 ? "it links to the whole archive" : NULL;
}
