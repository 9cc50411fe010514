#include "registry/v1image.h"

#include "base/clock.h"
#include "base/str.h"
#include "format/json.h"
#include "registry/v1.h"

static const struct ra_json_name members[] = {
    RA_JSON_NAME("id"),     RA_JSON_NAME("parent"),           RA_JSON_NAME("created"),
    RA_JSON_NAME("author"), RA_JSON_NAME("comment"),          RA_JSON_NAME("architecture"),
    RA_JSON_NAME("os"),     RA_JSON_NAME("container_config"),
};
enum { ID, PARENT, CREATED, AUTHOR, COMMENT, ARCHITECTURE, OS, CONTAINER_CONFIG };

static void take_string(struct ra_json *j, struct ra_arena *arena, const char **out)
{
    struct ra_json_str s;
    *out = "";
    if (!ra_json_string(j, &s) || s.n == 0)
        return;
    char *text = ra_arena_alloc(arena, 3 * s.n + 1);
    ra_json_decode(&s, text, 3 * s.n + 1);
    *out = text;
}

/* A list of words, or one string. */
static void take_command(struct ra_json *j, struct ra_arena *arena, const char **out)
{
    RA_BUF_AUTO joined = {0};
    if (ra_json_peek(j) != RA_JSON_ARRAY) {
        take_string(j, arena, out);
        return;
    }
    ra_json_open_array(j);
    while (ra_json_next_element(j)) {
        struct ra_json_str s;
        if (!ra_json_string(j, &s))
            continue;
        if (joined.len)
            ra_buf_addc(&joined, ' ');
        char *to = ra_buf_reserve(&joined, 3 * s.n + 1);
        joined.len += ra_json_decode(&s, to, 3 * s.n + 1);
    }
    *out = joined.len ? ra_arena_strndup(arena, joined.data, joined.len) : "";
}

static void take_container_config(struct ra_json *j, struct ra_arena *arena, struct ra_v1_image *out)
{
    static const struct ra_json_name cmd = RA_JSON_NAME("cmd");
    struct ra_json_str key;
    out->created_by = "";
    if (!ra_json_open_object(j))
        return;
    while (ra_json_next_member(j, &key))
        if (ra_json_key(&key, &cmd, 1) == 0)
            take_command(j, arena, &out->created_by);
        else
            ra_json_skip(j);
}

static void take_members(struct ra_json *j, struct ra_arena *arena, struct ra_v1_image *out, const char **id)
{
    struct ra_json_str key;
    while (ra_json_next_member(j, &key))
        switch (ra_json_key(&key, members, RA_COUNT(members))) {
        case ID:
            take_string(j, arena, id);
            break;
        case PARENT:
            take_string(j, arena, &out->parent);
            break;
        case CREATED:
            take_string(j, arena, &out->created);
            break;
        case AUTHOR:
            take_string(j, arena, &out->author);
            break;
        case COMMENT:
            take_string(j, arena, &out->comment);
            break;
        case ARCHITECTURE:
            take_string(j, arena, &out->architecture);
            break;
        case OS:
            take_string(j, arena, &out->os);
            break;
        case CONTAINER_CONFIG:
            take_container_config(j, arena, out);
            break;
        default:
            ra_json_skip(j);
        }
}

static bool utf8_valid(const char *s, size_t n)
{
    uint32_t cp;
    while (n) {
        size_t len = ra_utf8_decode(s, n, &cp);
        if (!len)
            return false;
        s += len;
        n -= len;
    }
    return true;
}

int ra_v1_image_parse(struct ra_v1_image *out, struct ra_arena *arena, const char *id, const void *bytes,
                      size_t n, struct ra_err *err)
{
    struct ra_json j;
    const char *its_id = "";
    *out = (struct ra_v1_image){"", "", "", "", "", "", ""};
    if (n == 0)
        return ra_fail(err, RA_CORRUPT, "it is empty");
    if (!utf8_valid(bytes, n))
        return ra_fail(err, RA_CORRUPT, "it is not UTF-8");
    ra_json_init(&j, bytes, n);
    bool object = ra_json_open_object(&j);
    if (object)
        take_members(&j, arena, out, &its_id);
    int rc = ra_json_finish(&j, err);
    if (rc < 0)
        return rc;
    if (!object)
        return ra_fail(err, RA_CORRUPT, "it is no JSON object");
    if (!ra_streq(its_id, id))
        return ra_fail(err, RA_CORRUPT, "the id in it is '%s'", its_id);
    if (*out->parent && !ra_v1_id_valid(out->parent, strlen(out->parent)))
        return ra_fail(err, RA_CORRUPT, "the parent in it is '%s', which is no id", out->parent);
    int64_t when;
    if (!ra_time_parse(out->created, strlen(out->created), &when))
        out->created = "";
    return 0;
}

int ra_v1_ancestry_parse(struct ra_strings *out, struct ra_arena *arena, const char *id, const void *bytes,
                         size_t n, struct ra_err *err)
{
    struct ra_json j;
    bool ids = true;
    ra_json_init(&j, bytes, n);
    bool array = ra_json_open_array(&j);
    while (array && ra_json_next_element(&j)) {
        const char **one = ra_arena_push(arena, out);
        take_string(&j, arena, one);
        ids = ids && ra_v1_id_valid(*one, strlen(*one));
    }
    int rc = ra_json_finish(&j, err);
    if (rc < 0)
        return rc;
    if (!array || !ids)
        return ra_fail(err, RA_CORRUPT, "it is no list of ids");
    if (out->n == 0 || !ra_streq(out->at[0], id))
        return ra_fail(err, RA_CORRUPT, "it does not begin with the image itself");
    return 0;
}
