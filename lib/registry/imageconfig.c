#include "registry/imageconfig.h"

struct reader {
    struct ra_json j;
    struct ra_imageconfig *c;
};

/* One member of an object: a name, and what to do with its value. */
struct member {
    struct ra_json_name name;
    void (*read)(struct reader *r, void *out);
    size_t offset; /* of the member in what `out` points at */
};
#define MEMBER(text, how, type, field)                        \
    {                                                         \
        RA_JSON_NAME(text), how, offsetof(struct type, field) \
    }

/* Reads an object into `out` by a table; what the table does not name is skipped. */
static void read_object(struct reader *r, const struct member *members, size_t count, void *out)
{
    struct ra_json_str key;
    if (!ra_json_open_object(&r->j))
        return;
    while (ra_json_next_member(&r->j, &key)) {
        int found = -1;
        for (size_t i = 0; i < count && found < 0; i++)
            if (ra_json_key(&key, &members[i].name, 1) == 0)
                found = (int)i;
        if (found >= 0)
            members[found].read(r, (char *)out + members[found].offset);
        else
            ra_json_skip(&r->j);
    }
}

static void text(struct reader *r, void *out)
{
    ra_field_text(&r->j, &r->c->arena, out);
}

static void strings(struct reader *r, void *out)
{
    ra_field_strings(&r->j, &r->c->arena, out);
}

static void words(struct reader *r, void *out)
{
    ra_field_words(&r->j, &r->c->arena, out);
}

static void keys(struct reader *r, void *out)
{
    ra_field_keys(&r->j, &r->c->arena, out);
}

static void pairs(struct reader *r, void *out)
{
    ra_field_pairs(&r->j, &r->c->arena, out);
}

static void number(struct reader *r, void *out)
{
    ra_json_int(&r->j, out);
}

static void boolean(struct reader *r, void *out)
{
    ra_json_bool(&r->j, out);
}

static void healthcheck(struct reader *r, void *out)
{
    static const struct member members[] = {
        MEMBER("Test", words, ra_healthcheck, test),
        MEMBER("Interval", number, ra_healthcheck, interval_ns),
        MEMBER("Timeout", number, ra_healthcheck, timeout_ns),
        MEMBER("StartPeriod", number, ra_healthcheck, start_period_ns),
        MEMBER("Retries", number, ra_healthcheck, retries),
    };
    read_object(r, members, RA_COUNT(members), out);
}

static void run_config(struct reader *r, void *out)
{
    static const struct member members[] = {
        MEMBER("User", text, ra_imageconfig, user),
        MEMBER("WorkingDir", text, ra_imageconfig, working_dir),
        MEMBER("StopSignal", text, ra_imageconfig, stop_signal),
        MEMBER("Env", strings, ra_imageconfig, env),
        MEMBER("Entrypoint", words, ra_imageconfig, entrypoint),
        MEMBER("Cmd", words, ra_imageconfig, cmd),
        MEMBER("Shell", words, ra_imageconfig, shell),
        MEMBER("OnBuild", strings, ra_imageconfig, on_build),
        MEMBER("ExposedPorts", keys, ra_imageconfig, exposed_ports),
        MEMBER("Volumes", keys, ra_imageconfig, volumes),
        MEMBER("Labels", pairs, ra_imageconfig, labels),
        MEMBER("Healthcheck", healthcheck, ra_imageconfig, healthcheck),
    };
    read_object(r, members, RA_COUNT(members), out);
}

static void rootfs(struct reader *r, void *out)
{
    static const struct member members[] = {MEMBER("diff_ids", strings, ra_imageconfig, diff_ids)};
    read_object(r, members, RA_COUNT(members), out);
}

static void history(struct reader *r, void *out)
{
    static const struct member members[] = {
        MEMBER("created", text, ra_history, created),
        MEMBER("created_by", text, ra_history, created_by),
        MEMBER("author", text, ra_history, author),
        MEMBER("comment", text, ra_history, comment),
        MEMBER("empty_layer", boolean, ra_history, empty_layer),
    };
    struct ra_imageconfig *c = out;
    if (!ra_json_open_array(&r->j))
        return;
    c->history.n = 0;
    while (ra_json_next_element(&r->j)) {
        if (c->history.n == RA_HISTORY_MAX) {
            ra_json_skip(&r->j);
            continue;
        }
        struct ra_history *h = ra_arena_push(&c->arena, &c->history);
        *h = (struct ra_history){.created = "", .created_by = "", .author = "", .comment = ""};
        read_object(r, members, RA_COUNT(members), h);
    }
}

static void document(struct reader *r, struct ra_imageconfig *c)
{
    static const struct member members[] = {
        MEMBER("created", text, ra_imageconfig, created_text),
        MEMBER("os", text, ra_imageconfig, platform.os),
        MEMBER("architecture", text, ra_imageconfig, platform.architecture),
        MEMBER("variant", text, ra_imageconfig, platform.variant),
        MEMBER("os.version", text, ra_imageconfig, platform.os_version),
        MEMBER("author", text, ra_imageconfig, author),
        MEMBER("docker_version", text, ra_imageconfig, docker_version),
        {RA_JSON_NAME("config"), run_config, 0},
        {RA_JSON_NAME("rootfs"), rootfs, 0},
        {RA_JSON_NAME("history"), history, 0},
    };
    read_object(r, members, RA_COUNT(members), c);
}

/* A config without anything in it: no string of it is NULL. */
static void clear(struct ra_imageconfig *c)
{
    *c = (struct ra_imageconfig){
        .created = RA_TIME_NONE,
        .created_text = "",
        .platform = {"", "", "", ""},
        .author = "",
        .docker_version = "",
        .user = "",
        .working_dir = "",
        .stop_signal = "",
    };
}

int ra_imageconfig_parse(struct ra_imageconfig *c, const void *bytes, size_t n, struct ra_err *err)
{
    struct reader r = {.c = c};
    ra_imageconfig_release(c);
    if (n > RA_IMAGECONFIG_MAX)
        return ra_fail(err, RA_TOOBIG, "the config has %zu bytes, more than %zu", n, RA_IMAGECONFIG_MAX);
    ra_json_init(&r.j, bytes, n);
    bool object = ra_json_peek(&r.j) == RA_JSON_OBJECT;
    document(&r, c);
    int rc = ra_json_finish(&r.j, err);
    if (rc == 0 && !object)
        rc = ra_fail(err, RA_CORRUPT, "not an image config: not a JSON object");
    if (rc != 0)
        ra_imageconfig_release(c);
    else if (!ra_time_parse(c->created_text, strlen(c->created_text), &c->created))
        c->created = RA_TIME_NONE;
    return rc;
}

void ra_imageconfig_release(struct ra_imageconfig *c)
{
    ra_arena_release(&c->arena);
    clear(c);
}
