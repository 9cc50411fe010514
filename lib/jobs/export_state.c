#include "jobs/export_plan.h"

#include "format/spool.h"
#include "registry/read.h"

#include <fcntl.h>
#include <sys/stat.h>

/* --- what the receiver has ---------------------------------------------------------------------------------- */

static int take_line(struct ra_export_plan *p, struct ra_refs *refs, const char *line, size_t n)
{
    ra_refs_scan(refs, line, n);
    ra_vec_each (ref, &refs->list)
        ra_digest_set_add(&p->have, &ref->digest, NULL);
    return 0;
}

/* Any text in which digests stand, a line at a time: a list, a catalogue, the output of another verb. */
static int read_list(struct ra_export_plan *p, const char *path, struct ra_err *err)
{
    RA_REFS_AUTO refs = {0};
    ra_auto_free char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    ra_auto_file FILE *f = ra_streq(path, "-") ? fdopen(dup(STDIN_FILENO), "r") : fopen(path, "re");
    if (!f)
        return ra_fail_sys(err, "cannot open '%s'", path);
    while ((n = getline(&line, &cap, f)) > 0)
        take_line(p, &refs, line, (size_t)n);
    return ferror(f) ? ra_fail_sys(err, "cannot read '%s'", path) : 0;
}

static int next_is(struct ra_tar *tar, const char *name, struct ra_err *err)
{
    struct ra_tar_member m;
    int rc = ra_tar_next(tar, &m, err);
    if (rc < 0)
        return rc;
    return rc && m.kind == RA_TAR_FILE && ra_streq(m.name, name)
               ? 0
               : ra_fail(err, RA_UNSUPPORTED, "it is no backup that regadm made: it has no '%s'", name);
}

static int read_header(struct ra_tar *tar, struct ra_backup *b, struct ra_err *err)
{
    RA_BUF_AUTO header = {0};
    int rc = next_is(tar, RA_BACKUP_HEADER, err);
    if (rc == 0)
        rc = ra_tar_read_all(tar, RA_BACKUP_JSON_MAX, &header, err);
    return rc < 0 ? rc : ra_backup_parse_header(b, ra_buf_str(&header), header.len, err);
}

static int read_state(struct ra_tar *tar, struct ra_backup *b, struct ra_err *err)
{
    int rc = read_header(tar, b, err);
    if (rc == 0)
        rc = next_is(tar, RA_BACKUP_CATALOG, err);
    return rc < 0 ? rc : ra_backup_read_catalog(b, tar, err);
}

/* The beginning of a backup is enough. */
static int read_backup(const char *path, int (*read)(struct ra_tar *, struct ra_backup *, struct ra_err *),
                       struct ra_backup *b, struct ra_err *err)
{
    RA_AUTO_PTR(ra_input) input = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ra_fail_sys(err, "cannot open '%s'", path);
    int rc = ra_input_open(fd, UINT64_MAX, &input, err);
    if (rc < 0)
        return ra_wrap(err, rc, "'%s'", path);
    struct ra_tar_source source = ra_input_source(input);
    RA_AUTO_PTR(ra_tar) tar = ra_tar_open(&source);
    rc = read(tar, b, err);
    return rc < 0 ? ra_wrap(err, rc, "'%s'", path) : 0;
}

/* The catalogue of an earlier backup says what its receiver has. */
static int read_since(struct ra_export_plan *p, const char *path, struct ra_err *err)
{
    RA_BACKUP_AUTO b = {0};
    int rc = read_backup(path, read_state, &b, err);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < b.blobs.n; i++)
        if (b.blobs.at[i].listed)
            ra_digest_set_add(&p->have, RA_DIGEST_AT(&b.digests, i), NULL);
    *ra_vec_push(&p->chain) = b.id;
    ra_vec_each (parent, &b.parents)
        *ra_vec_push(&p->chain) = *parent;
    return 0;
}

/* Files that take turns would make an increment replace what it, or the backup before it, builds on. */
static int spare_chain(const struct ra_export_plan *p, struct ra_err *err)
{
    RA_BACKUP_AUTO old = {0};
    const char *path = p->opts->output;
    struct stat st;
    if (!p->chain.n || ra_streq(path, "-") || stat(path, &st) || !S_ISREG(st.st_mode) ||
        read_backup(path, read_header, &old, NULL))
        return 0;
    ra_vec_each (id, &p->chain) {
        if (!ra_digest_eq(id, &old.id))
            continue;
        int rc = ra_fail(err, RA_EXISTS, "'%s' holds a backup that this increment builds on", path);
        return ra_hint(err, rc, "write to another file, or begin anew with a backup of all, without --since");
    }
    return 0;
}

int ra_export_read_have(struct ra_export_plan *p, struct ra_err *err)
{
    int rc = p->opts->since ? read_since(p, p->opts->since, err) : 0;
    if (rc == 0)
        rc = spare_chain(p, err);
    return rc == 0 && p->opts->have ? read_list(p, p->opts->have, err) : rc;
}

/* --- from the survey to the catalogue ----------------------------------------------------------------------- */

/* A repository on its way into the catalogue. */
struct adding {
    struct ra_export_plan *p;
    uint32_t r;    /* in the survey */
    uint32_t name; /* in the state */
    const struct ra_survey_repo *repo;
    RA_VEC(uint32_t) todo; /* manifests, by the survey's numbers */
};

static uint32_t state_blob(struct ra_export_plan *p, uint32_t id)
{
    struct ra_digest d;
    ra_blobs_digest(p->survey.blobs, id, &d);
    uint32_t number = ra_backup_digest(&p->state, &d);
    while (p->blobs.n < p->state.blobs.n)
        ra_vec_push(&p->blobs)->class = EXPORT_LAYER;
    return number;
}

static uint32_t list_blob(struct adding *a, uint32_t id, enum export_class class)
{
    struct ra_export_plan *p = a->p;
    uint32_t number = state_blob(p, id);
    struct ra_backup_blob *b = &p->state.blobs.at[number];
    struct export_blob *x = &p->blobs.at[number];
    if (!b->listed) {
        *b = (struct ra_backup_blob){.size = ra_blobs_size(p->survey.blobs, id), .listed = true};
        b->in = ra_digest_set_find(&p->have, RA_DIGEST_AT(&p->state.digests, number)) == RA_NONE;
        x->first_repo = a->r;
        x->class = (uint8_t) class;
    }
    x->class = class < x->class ? (uint8_t) class : x->class;
    return number;
}

static void push(struct adding *a, uint32_t id)
{
    uint32_t *stamp = &a->p->stamps[ra_blobs_index(a->p->survey.blobs, id)];
    if (*stamp != a->r + 1)
        *ra_vec_push(&a->todo) = id;
    *stamp = a->r + 1;
}

static void add_parts(struct adding *a, const struct ra_survey_manifest *m, enum ra_ref_role role,
                      enum export_class class)
{
    size_t n;
    const uint32_t *ids = ra_survey_refs(m, role, &n);
    for (size_t i = 0; i < n; i++)
        if (ra_export_has_blob(a->p, ids[i]))
            *ra_vec_push(&a->p->state.layers) =
                (struct ra_backup_layer){a->name, list_blob(a, ids[i], class)};
}

static void tell_sparse(struct adding *a, const struct ra_survey_manifest *m, uint32_t child)
{
    struct ra_digest d, of;
    char text[RA_DIGEST_TEXT], missing[RA_DIGEST_TEXT];
    ra_blobs_digest(a->p->survey.blobs, child, &d);
    ra_blobs_digest(a->p->survey.blobs, m->blob, &of);
    struct ra_place at = {.repository = a->repo->name, .digest = &d};
    ra_find(a->p->job->findings, RA_NOTE, "sparse-index", &at,
            "the index %s names the manifest %s, which is not exported", ra_digest_text(&of, text),
            ra_digest_text(&d, missing));
}

static void add_children(struct adding *a, const struct ra_survey_manifest *m)
{
    size_t n;
    const uint32_t *ids = ra_survey_refs(m, RA_REF_CHILD, &n);
    for (size_t i = 0; i < n; i++) {
        if (!ra_export_has_blob(a->p, ids[i]) || !ra_export_wants_child(a->p, m->blob, ids[i])) {
            tell_sparse(a, m, ids[i]);
            continue;
        }
        uint32_t number = list_blob(a, ids[i], EXPORT_LAYER);
        a->p->blobs.at[number].child = true;
        if (ra_survey_manifest(&a->p->survey, ids[i]))
            push(a, ids[i]);
        else
            *ra_vec_push(&a->p->state.layers) = (struct ra_backup_layer){a->name, number};
    }
}

static void add_manifest(struct adding *a, uint32_t id)
{
    const struct ra_survey_manifest *m = ra_survey_manifest(&a->p->survey, id);
    uint32_t number = list_blob(a, id, EXPORT_MANIFEST);
    size_t n_subjects = 0;
    const uint32_t *subject = m ? ra_survey_refs(m, RA_REF_SUBJECT, &n_subjects) : NULL;
    *ra_vec_push(&a->p->state.revs) = (struct ra_backup_rev){
        a->name, number, RA_NO_NAME, n_subjects ? state_blob(a->p, subject[0]) : RA_NONE};
    if (!m)
        return;
    add_parts(a, m, RA_REF_CONFIG, EXPORT_CONFIG);
    add_parts(a, m, RA_REF_LAYER, EXPORT_LAYER);
    add_parts(a, m, RA_REF_FOREIGN, EXPORT_LAYER);
    add_parts(a, m, RA_REF_BLOB, EXPORT_LAYER);
    add_children(a, m);
}

static void add_todo(struct adding *a)
{
    while (a->todo.n > 0)
        add_manifest(a, a->todo.at[--a->todo.n]);
}

/* What is about something that is exported goes with it, and what is about that. */
static void add_referrers(struct adding *a)
{
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < a->repo->n_revs; i++) {
            uint32_t id = a->repo->revs[i].blob;
            const struct ra_survey_manifest *m = ra_survey_manifest(&a->p->survey, id);
            const uint32_t *stamps = a->p->stamps;
            size_t n;
            const uint32_t *subject = m ? ra_survey_refs(m, RA_REF_SUBJECT, &n) : NULL;
            if (!m || n == 0 || (a->repo->revs[i].flags & RA_REV_NO_LINK) ||
                stamps[ra_blobs_index(a->p->survey.blobs, id)] == a->r + 1 ||
                stamps[ra_blobs_index(a->p->survey.blobs, subject[0])] != a->r + 1 ||
                !ra_export_whole(a->p, id))
                continue;
            push(a, id);
            add_todo(a);
            more = true;
        }
    }
}

static void add_tag(struct adding *a, const struct export_root *root)
{
    struct ra_backup *s = &a->p->state;
    const struct ra_survey_tag *tag = &a->repo->tags[root->tag];
    uint32_t name = ra_backup_name(s, tag->name);
    *ra_vec_push(&s->tags) = (struct ra_backup_tag){a->name, name, state_blob(a->p, tag->target)};
    for (uint32_t i = 0; i < tag->n_history; i++)
        if (tag->history[i] != tag->target)
            *ra_vec_push(&s->history) =
                (struct ra_backup_tag){a->name, name, state_blob(a->p, tag->history[i])};
}

/* Links of layers that no manifest uses, so that the restored repository has what the old one had. */
static void add_links(struct adding *a)
{
    for (uint32_t i = 0; i < a->repo->n_layers; i++)
        if (ra_export_has_blob(a->p, a->repo->layers[i]))
            *ra_vec_push(&a->p->state.layers) =
                (struct ra_backup_layer){a->name, list_blob(a, a->repo->layers[i], EXPORT_LAYER)};
}

static int by_digest(const void *x, const void *y)
{
    const struct ra_backup_layer *a = x, *b = y;
    return a->digest < b->digest ? -1 : a->digest > b->digest;
}

/* Images of one repository share most of their layers: the list would be several times as long. */
static void drop_twins(struct ra_backup *s, size_t from)
{
    size_t kept = from;
    if (s->layers.n > from)
        qsort(&s->layers.at[from], s->layers.n - from, sizeof(*s->layers.at), by_digest);
    for (size_t i = from; i < s->layers.n; i++)
        if (i == from || s->layers.at[i].digest != s->layers.at[kept - 1].digest)
            s->layers.at[kept++] = s->layers.at[i];
    s->layers.n = kept;
}

/* The roots of one repository, which stand together. */
static size_t add_repo(struct ra_export_plan *p, size_t i)
{
    size_t layers = p->state.layers.n;
    struct adding a = {.p = p, .r = p->roots.at[i].repo};
    a.repo = &p->survey.repos.at[a.r];
    a.name = ra_backup_name(&p->state, a.repo->name);
    *ra_vec_push(&p->state.repos) = a.name;
    for (; i < p->roots.n && p->roots.at[i].repo == a.r; i++) {
        push(&a, p->roots.at[i].id);
        add_todo(&a);
        if (p->roots.at[i].tag != RA_NONE)
            add_tag(&a, &p->roots.at[i]);
    }
    if (!ra_export_is_whole_repo(p, a.repo->name))
        add_referrers(&a);
    else if (p->survey.blobs && p->opts->refs->n == 0)
        add_links(&a);
    drop_twins(&p->state, layers);
    ra_vec_release(&a.todo);
    return i;
}

/* --- media types -------------------------------------------------------------------------------------------- */

struct typing {
    struct ra_export_plan *p;
    pthread_mutex_t mutex;
};

static int read_type(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)worker;
    struct typing *t = arg;
    RA_BUF_AUTO bytes = {0};
    RA_MANIFEST_AUTO m = {0};
    struct ra_digest d;
    {
        RA_LOCKED(&t->mutex);
        d = ra_digest_set_get(&t->p->state.digests, t->p->state.revs.at[i].digest);
    }
    int rc = ra_manifest_load(t->p->job->store, &d, &bytes, &m, err);
    if (rc == -RA_NOTFOUND)
        t->p->vanished = true;
    if (rc == -RA_CORRUPT || rc == -RA_TOOBIG)
        return ra_err_clear(err), 0;
    if (rc < 0 || !*m.media_type)
        return rc;
    RA_LOCKED(&t->mutex);
    t->p->state.revs.at[i].media_type = ra_backup_name(&t->p->state, m.media_type);
    return 0;
}

int ra_export_finish_state(struct ra_export_plan *p, struct ra_err *err)
{
    struct typing t = {p, PTHREAD_MUTEX_INITIALIZER};
    ra_backup_sort(&p->state);
    return ra_parallel(p->job->threads, p->state.revs.n, read_type, &t, err);
}

void ra_export_build_state(struct ra_export_plan *p)
{
    struct ra_backup *s = &p->state;
    for (size_t i = 0; i < p->roots.n;)
        i = add_repo(p, i);
    s->kind = p->opts->since || p->opts->have ? RA_BACKUP_INCREMENT : RA_BACKUP_FULL;
    ra_vec_each (id, &p->chain)
        *ra_vec_push(&s->parents) = *id;
    s->selection = p->opts->refs->n > 0 || p->opts->no_untagged || p->opts->platform;
    s->left_out = p->left_out;
    s->verified = !p->opts->no_verify;
    s->created = p->opts->created ? ra_strdup(p->opts->created) : NULL;
    s->registry = p->opts->registry ? ra_strdup(p->opts->registry) : NULL;
}
