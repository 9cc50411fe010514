#include "jobs/layers.h"

#include "base/str.h"
#include "jobs/layers_parts.h"
#include "registry/layout.h"

#include <stdatomic.h>

#define BUFFER ((size_t)256 << 10)

/* --- names ----------------------------------------------------------- */

/* Appends one component: its end, or NULL when it has no place. */
static char *add_component(char *path, char *end, const char *s, size_t n)
{
    if (n > RA_LAYER_NAME || (n == 2 && memcmp(s, "..", 2) == 0) ||
        (size_t)(end - path) + n + 1 > RA_LAYER_PATH)
        return NULL;
    if (end != path)
        *end++ = '/';
    memcpy(end, s, n);
    return end + n;
}

static bool clean(const char *name, char *path)
{
    char *end = path;
    for (const char *s = name; end && *s;) {
        size_t n = strcspn(s, "/");
        if (n && !(n == 1 && *s == '.'))
            end = add_component(path, end, s, n);
        s += n + (s[n] == '/');
    }
    if (end)
        *end = '\0';
    return end;
}

/* AUFS left notes of its own beside the whiteouts: ".wh..wh.plnk", and files below it. */
static bool is_note(const char *path)
{
    const char *at = strstr(path, ".wh..wh.");
    return at && (at == path || at[-1] == '/');
}

enum ra_layer_act ra_layer_judge(const char *name, char path[static RA_LAYER_PATH + 1])
{
    if (!clean(name, path))
        return RA_ACT_ODD;
    char *last = strrchr(path, '/');
    last = last ? last + 1 : path;
    if (ra_streq(last, ".wh..wh..opq")) {
        last[last == path ? 0 : -1] = '\0';
        return RA_ACT_EMPTY;
    }
    if (!*path || is_note(path))
        return RA_ACT_NONE;
    if (!ra_starts_with(last, ".wh."))
        return RA_ACT_PUT;
    const char *gone = last + 4;
    if (!*gone || ra_streq(gone, ".") || ra_streq(gone, ".."))
        return RA_ACT_ODD;
    memmove(last, gone, strlen(gone) + 1);
    return RA_ACT_REMOVE;
}

const char *ra_change_name(enum ra_change change)
{
    static const char *const names[] = {
        [RA_CHANGE_ADDED] = "added",     [RA_CHANGE_CHANGED] = "changed", [RA_CHANGE_SAME] = "same",
        [RA_CHANGE_REMOVED] = "removed", [RA_CHANGE_EMPTIED] = "emptied", [RA_CHANGE_ODD] = "odd"};
    return names[change];
}

/* --- one layer ----------------------------------------------------------- */

struct flow {
    const struct ra_job *job;
    struct ra_reader *reader;
    char *buffer;
};

static ssize_t read_on(void *arg, const void **p, struct ra_err *err)
{
    struct flow *f = arg;
    ssize_t n = ra_read(f->reader, f->buffer, BUFFER, err);
    if (n > 0)
        ra_progress_add(f->job->progress, 0, (uint64_t)n);
    *p = f->buffer;
    return n;
}

int ra_layer_each(const struct ra_job *job, const struct ra_digest *layer,
                  int (*visit)(void *arg, uint32_t number, const struct ra_member *m, struct ra_layertar *t,
                               struct ra_err *err),
                  void *arg, struct ra_err *err)
{
    struct ra_key key;
    struct ra_member member;
    RA_AUTO_PTR(ra_reader) reader = NULL;
    RA_AUTO_PTR(ra_layertar) tar = NULL;
    ra_auto_free char *buffer = ra_io_buffer(BUFFER);
    int rc = ra_read_open(job->store, ra_key_blob(&key, layer), 0, UINT64_MAX, RA_READ_ONCE, &reader, err);
    struct flow flow = {job, reader, buffer};
    if (rc == 0)
        rc = ra_layertar_open(&(struct ra_source){read_on, &flow}, &tar, err);
    if (rc < 0)
        return rc;
    for (uint32_t number = 0; (rc = ra_layertar_next(tar, &member, err)) > 0; number++)
        if ((rc = visit(arg, number, &member, tar, err)) != 0)
            return rc;
    return rc < 0 ? rc : ra_layertar_drain(tar, err);
}

void ra_layer_find(const struct ra_job *job, const struct ra_place *at, bool foreign, int rc,
                   const struct ra_err *why)
{
    struct ra_key key;
    struct ra_place place = *at;
    bool damaged = rc == -RA_CORRUPT || rc == -RA_TOOBIG;
    if (rc == -RA_NOTFOUND && foreign) {
        ra_find(job->findings, RA_NOTE, "missing-blob", at,
                "the layer is not there: its media type says that it is kept elsewhere");
        return;
    }
    place.path = ra_key_blob(&key, at->digest);
    if (rc == -RA_NOTFOUND)
        ra_find(job->findings, RA_WARNING, "missing-blob", &place, "the layer is not there");
    else
        ra_find_failed_read(job->findings, RA_WARNING, "bad-layer", &place,
                            damaged ? "the layer cannot be read to its end" : "the layer cannot be read",
                            why);
}

/* --- all layers of an image ----------------------------------------------------------- */

struct reading {
    const struct ra_job *job;
    const struct ra_place *at;
    struct ra_layers *out;
    atomic_size_t files, text;
};

struct one {
    struct reading *r;
    struct ra_layer *layer;
    uint16_t number;
    char path[RA_LAYER_PATH + 1];
};

static const char *keep(struct one *o, const char *s)
{
    size_t n = strnlen(s, RA_LAYER_PATH);
    atomic_fetch_add(&o->r->text, n);
    return n ? ra_arena_strndup(&o->layer->arena, s, n) : "";
}

static int check_bounds(const struct reading *r, struct ra_err *err)
{
    if (atomic_load(&r->files) > RA_LAYERS_FILES)
        return ra_fail(err, RA_TOOBIG, "the image's layers have more than %zu files", RA_LAYERS_FILES);
    if (atomic_load(&r->text) > RA_LAYERS_TEXT)
        return ra_fail(err, RA_TOOBIG,
                       "the names of the files in the image's layers take more than %zu bytes",
                       RA_LAYERS_TEXT);
    return ra_check_cancelled(err);
}

static enum ra_change first_guess(enum ra_layer_act act)
{
    return act == RA_ACT_REMOVE  ? RA_CHANGE_REMOVED
           : act == RA_ACT_EMPTY ? RA_CHANGE_EMPTIED
           : act == RA_ACT_ODD   ? RA_CHANGE_ODD
                                 : RA_CHANGE_ADDED;
}

static int take_member(void *arg, uint32_t number, const struct ra_member *m, struct ra_layertar *t,
                       struct ra_err *err)
{
    struct one *o = arg;
    enum ra_layer_act act = ra_layer_judge(m->name, o->path);
    (void)t;
    atomic_fetch_add(&o->r->files, 1);
    int rc = check_bounds(o->r, err);
    if (rc < 0 || act == RA_ACT_NONE)
        return rc;
    struct ra_file *file = ra_vec_push(&o->layer->files);
    *file = (struct ra_file){.path = keep(o, act == RA_ACT_ODD ? m->name : o->path),
                             .link = keep(o, m->link),
                             .size = m->size,
                             .mtime = m->mtime,
                             .mode = m->mode,
                             .uid = (uint32_t)m->uid,
                             .gid = (uint32_t)m->gid,
                             .member = number,
                             .layer = o->number,
                             .kind = (uint8_t)m->kind,
                             .change = (uint8_t)first_guess(act),
                             .act = (uint8_t)act};
    return 0;
}

static void tell_odd(struct reading *r, const struct ra_layer *layer)
{
    size_t odd = 0;
    const char *first = NULL;
    ra_vec_each (file, &layer->files) {
        if (file->act == RA_ACT_ODD && odd++ == 0)
            first = file->path;
    }
    struct ra_place place = *r->at;
    place.digest = &layer->digest;
    if (odd)
        ra_find(r->job->findings, RA_WARNING, "odd-member", &place,
                "the layer names %zu %s outside the image or too long, which no container gets; the first is "
                "'%.*s'",
                odd, odd == 1 ? "file" : "files", 200, first);
}

static int read_layer(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct reading *r = arg;
    RA_ERR_AUTO reading = {0};
    ra_auto_free struct one *o = ra_malloc(sizeof(*o));
    (void)worker;
    o->r = r;
    o->layer = &r->out->list.at[i];
    o->number = (uint16_t)i;
    struct ra_place place = *r->at;
    place.digest = &o->layer->digest;
    int rc = ra_layer_each(r->job, &o->layer->digest, take_member, o, &reading);
    ra_progress_add(r->job->progress, 1, 0);
    o->layer->whole = rc == 0;
    o->layer->present = rc != -RA_NOTFOUND;
    tell_odd(r, o->layer);
    int bounds = check_bounds(r, err);
    if (bounds < 0)
        return bounds;
    if (rc < 0)
        ra_layer_find(r->job, &place, ra_media_type_foreign(o->layer->media_type), rc, &reading);
    return 0;
}

/* Schema 1 lists the top first. */
static void list_layers(const struct ra_manifest *m, struct ra_layers *out)
{
    const struct ra_descriptors *from = m->blobs.n ? &m->blobs : &m->layers;
    for (size_t i = 0; i < from->n && i < UINT16_MAX; i++) {
        const struct ra_descriptor *d = &from->at[m->kind == RA_MANIFEST_SCHEMA1 ? from->n - 1 - i : i];
        if (d->valid)
            *ra_vec_push(&out->list) =
                (struct ra_layer){.digest = d->digest, .media_type = d->media_type, .stored = d->size};
    }
}

int ra_layers_read(const struct ra_job *job, const struct ra_place *at, const struct ra_manifest *m,
                   struct ra_layers *out, struct ra_err *err)
{
    struct reading r = {.job = job, .at = at, .out = out};
    list_layers(m, out);
    ra_progress_phase(job->progress, "reading layers", out->list.n, 0);
    return ra_parallel(job->threads, out->list.n, read_layer, &r, err);
}

void ra_layers_release(struct ra_layers *layers)
{
    ra_vec_each (layer, &layers->list) {
        ra_vec_release(&layer->files);
        ra_arena_release(&layer->arena);
    }
    ra_vec_release(&layers->list);
    ra_vec_release(&layers->merged);
    ra_layertree_free(layers->tree);
    *layers = (struct ra_layers){0};
}
