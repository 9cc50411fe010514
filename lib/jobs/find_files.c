/*
 * Which images have a file? Each layer is read once, on all threads, and leaves behind what matches and what could hide
 * a match that a lower layer has: whiteouts, and what may take the place of a folder. Images are judged by that.
 */
#include "jobs/find_parts.h"

#include "base/str.h"
#include "jobs/layers.h"

#include <stdatomic.h>

/* What is remembered of all layers: else the pattern is too wide to be of use. */
#define MOST_BYTES ((size_t)1 << 30)

struct pattern {
    char *glob;
    bool name_only; /* of the last component */
};

struct mark { /* of a layer, by path */
    const char *path;
    uint64_t bytes;
    uint32_t patterns; /* which of them it matches; 0: it only hides */
    enum ra_layer_act act;
    bool folder; /* takes the place of a file of that name */
};

struct layer {
    uint32_t blob;
    struct ra_digest digest;
    bool foreign; /* to every image */
    RA_VEC(struct mark) marks;
    struct ra_arena arena;
};

struct ra_filesearch {
    const struct ra_job *job;
    struct ra_survey *survey;
    struct pattern patterns[RA_FIND_FILES_MAX];
    size_t n_patterns;
    RA_VEC(struct layer) layers;
    uint32_t *order; /* numbers in layers, the largest first */
    atomic_size_t bytes;
};

/* --- patterns ----------------------------------------------------------- */

/* Paths have a slash in front while they are compared, so that a leading double star may stand for nothing. */
static void compile(struct pattern *p, const char *text)
{
    p->name_only = !strchr(text, '/');
    bool as_is = p->name_only || *text == '/' || ra_starts_with(text, "**");
    p->glob = ra_asprintf("%s%s", as_is ? "" : "/", text);
}

static bool pattern_matches(const struct pattern *p, const char *slashed)
{
    return ra_glob(p->glob, p->name_only ? strrchr(slashed, '/') + 1 : slashed);
}

static size_t component(const char *s)
{
    return strcspn(s, "/");
}

enum above { NOT_ABOVE, MAYBE_ABOVE, IS_ABOVE };

/* Whether a match could lie below the path, which is then a folder in one layer and something else in another. */
static enum above lies_above(const struct pattern *p, const char *slashed)
{
    if (p->name_only)
        return MAYBE_ABOVE;
    const char *glob = p->glob, *path = slashed;
    while (*path) {
        path++;
        glob += *glob == '/';
        size_t n = component(glob), m = component(path);
        ra_auto_free char *one = ra_strndup(glob, n), *other = ra_strndup(path, m);
        if (strstr(one, "**"))
            return MAYBE_ABOVE;
        if (!ra_glob(one, other) || !glob[n])
            return NOT_ABOVE;
        glob += n;
        path += m;
    }
    return IS_ABOVE;
}

/* Of names that may stand anywhere, only links are remembered: files hardly ever take a folder's place. */
static bool may_hide(const struct ra_filesearch *s, const char *slashed, enum ra_member_kind kind)
{
    for (size_t i = 0; i < s->n_patterns; i++) {
        enum above above = lies_above(&s->patterns[i], slashed);
        if (above == IS_ABOVE || (above == MAYBE_ABOVE && kind == RA_MEMBER_SYMLINK))
            return true;
    }
    return false;
}

/* --- one layer ----------------------------------------------------------- */

struct reading {
    struct ra_filesearch *search;
    struct layer *layer;
    char path[RA_LAYER_PATH + 2]; /* with a slash in front */
};

static int remember(struct reading *r, const struct mark *mark, struct ra_err *err)
{
    size_t n = strlen(r->path + 1);
    struct mark *own = ra_vec_push(&r->layer->marks);
    *own = *mark;
    own->path = ra_arena_strndup(&r->layer->arena, r->path + 1, n);
    if (atomic_fetch_add(&r->search->bytes, n + sizeof(*own)) < MOST_BYTES)
        return 0;
    return ra_hint(err, ra_fail(err, RA_TOOBIG, "too many files match to remember them all"),
                   "ask for fewer: name a folder, or look into some repositories only");
}

static int look_at_member(void *arg, uint32_t number, const struct ra_member *m, struct ra_layertar *t,
                          struct ra_err *err)
{
    struct reading *r = arg;
    const struct ra_filesearch *s = r->search;
    struct mark mark = {.bytes = m->size, .act = ra_layer_judge(m->name, r->path + 1)};
    (void)number;
    (void)t;
    if (mark.act == RA_ACT_REMOVE || mark.act == RA_ACT_EMPTY)
        return remember(r, &mark, err);
    if (mark.act != RA_ACT_PUT)
        return 0;
    for (size_t i = 0; i < s->n_patterns; i++)
        mark.patterns |= (uint32_t)pattern_matches(&s->patterns[i], r->path) << i;
    mark.folder = m->kind == RA_MEMBER_FOLDER;
    if (mark.folder) {
        bool same_name = mark.patterns;
        mark.patterns = 0;
        return same_name ? remember(r, &mark, err) : 0;
    }
    return mark.patterns || may_hide(s, r->path, m->kind) ? remember(r, &mark, err) : 0;
}

static int compare_marks(const void *left, const void *right)
{
    return strcmp(((const struct mark *)left)->path, ((const struct mark *)right)->path);
}

static int read_layer(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct ra_filesearch *s = arg;
    struct layer *layer = &s->layers.at[s->order[i]];
    RA_ERR_AUTO reading = {0};
    ra_auto_free struct reading *r = ra_malloc(sizeof(*r));
    (void)worker;
    *r = (struct reading){.search = s, .layer = layer, .path = "/"};
    int rc = ra_layer_each(s->job, &layer->digest, look_at_member, r, &reading);
    if (layer->marks.n)
        qsort(layer->marks.at, layer->marks.n, sizeof(*layer->marks.at), compare_marks);
    ra_progress_add(s->job->progress, 1, 0);
    bool too_many = rc == -RA_TOOBIG && atomic_load(&s->bytes) >= MOST_BYTES;
    if (rc == -RA_CANCELLED || too_many)
        return ra_err_move(err, &reading);
    if (rc < 0)
        ra_layer_find(s->job, &(struct ra_place){.digest = &layer->digest}, layer->foreign, rc, &reading);
    return 0;
}

/* --- all of them ----------------------------------------------------------- */

/* What an image names, as a foreign layer or not. */
struct named {
    uint32_t blob;
    bool foreign;
};

static int compare_named(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    return a->blob == b->blob ? a->foreign - b->foreign : (a->blob > b->blob) - (a->blob < b->blob);
}

static int compare_sizes(const void *left, const void *right, void *arg)
{
    const struct ra_filesearch *s = arg;
    const struct layer *a = &s->layers.at[*(const uint32_t *)left],
                       *b = &s->layers.at[*(const uint32_t *)right];
    uint64_t one = ra_blobs_size(s->survey->blobs, a->blob), other = ra_blobs_size(s->survey->blobs, b->blob);
    return one != other ? (one < other) - (one > other) : ra_digest_cmp(&a->digest, &b->digest);
}

static const enum ra_ref_role layer_roles[] = {RA_REF_FOREIGN,
                                               RA_REF_LAYER}; /* what lies below comes first */

static void list_layers(struct ra_filesearch *s, const struct ra_survey_manifest *const *images, size_t n)
{
    RA_VEC(struct named) all = {0};
    for (size_t i = 0; i < n; i++)
        for (size_t role = 0; role < RA_COUNT(layer_roles); role++) {
            size_t count;
            const uint32_t *refs = ra_survey_refs(images[i], layer_roles[role], &count);
            for (size_t k = 0; k < count; k++)
                *ra_vec_push(&all) = (struct named){refs[k], layer_roles[role] == RA_REF_FOREIGN};
        }
    if (all.n)
        qsort(all.at, all.n, sizeof(*all.at), compare_named);
    for (size_t i = 0; i < all.n; i++) {
        if (i && all.at[i].blob == all.at[i - 1].blob)
            continue;
        struct layer *layer = ra_vec_push(&s->layers);
        layer->blob = all.at[i].blob;
        layer->foreign = all.at[i].foreign;
        ra_blobs_digest(s->survey->blobs, layer->blob, &layer->digest);
    }
    ra_vec_release(&all);
}

static uint64_t put_in_order(struct ra_filesearch *s)
{
    uint64_t sum = 0;
    s->order = ra_calloc(s->layers.n, sizeof(*s->order));
    for (uint32_t i = 0; i < s->layers.n; i++) {
        s->order[i] = i;
        sum += ra_blobs_size(s->survey->blobs, s->layers.at[i].blob);
    }
    qsort_r(s->order, s->layers.n, sizeof(*s->order), compare_sizes, s);
    return sum;
}

int ra_filesearch_read(const struct ra_job *job, const struct ra_strlist *patterns, struct ra_survey *survey,
                       const struct ra_survey_manifest *const *images, size_t n, struct ra_filesearch **out,
                       struct ra_err *err)
{
    struct ra_filesearch *s = *out = ra_new(struct ra_filesearch);
    s->job = job;
    s->survey = survey;
    if (patterns->n > RA_FIND_FILES_MAX)
        return ra_fail(err, RA_USAGE, "--file can be given %d times at most", RA_FIND_FILES_MAX);
    for (size_t i = 0; i < patterns->n; i++)
        compile(&s->patterns[s->n_patterns++], patterns->at[i]);
    list_layers(s, images, n);
    ra_progress_phase(job->progress, "reading layers", s->layers.n, put_in_order(s));
    return ra_parallel(job->threads, s->layers.n, read_layer, s, err);
}

void ra_filesearch_free(struct ra_filesearch *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_patterns; i++)
        free(s->patterns[i].glob);
    ra_vec_each (layer, &s->layers) {
        ra_vec_release(&layer->marks);
        ra_arena_release(&layer->arena);
    }
    ra_vec_release(&s->layers);
    free(s->order);
    free(s);
}

/* --- one image ----------------------------------------------------------- */

struct seen { /* a match that nothing has hidden so far */
    const struct mark *mark;
    const struct layer *layer; /* NULL: hidden now */
};

struct sight { /* by path, byte by byte */
    struct seen *at;
    size_t n, cap;
};

/* The first one from path[0..n) and `tail` behind it on. */
static size_t first_from(const struct sight *s, const char *path, size_t n, char tail)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *here = s->at[middle].mark->path;
        int order = strncmp(here, path, n);
        if (order < 0 || (order == 0 && (unsigned char)here[n] < (unsigned char)tail))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Itself, unless it is a folder that was emptied, and all that lies below, unless a folder comes. */
static void hide(struct sight *s, const struct mark *m)
{
    size_t n = strlen(m->path);
    size_t below = n ? first_from(s, m->path, n, '/') : 0,
           end = n ? first_from(s, m->path, n, '/' + 1) : s->n;
    size_t itself = first_from(s, m->path, n, '\0');
    if (m->act != RA_ACT_EMPTY && itself < s->n && ra_streq(s->at[itself].mark->path, m->path))
        s->at[itself].layer = NULL;
    for (size_t i = below; i < end && !m->folder; i++)
        s->at[i].layer = NULL;
}

static void add(struct sight *s, const struct mark *mark, const struct layer *layer)
{
    if (s->n && ra_streq(s->at[s->n - 1].mark->path, mark->path))
        s->n--;
    *ra_vec_push(s) = (struct seen){mark, layer};
}

static void put_layer(struct sight *s, const struct layer *layer)
{
    struct sight both = {0};
    size_t i = 0;
    ra_vec_each (mark, &layer->marks)
        hide(s, mark);
    ra_vec_each (mark, &layer->marks) {
        if (!mark->patterns)
            continue;
        for (; i < s->n && strcmp(s->at[i].mark->path, mark->path) < 0; i++)
            if (s->at[i].layer)
                add(&both, s->at[i].mark, s->at[i].layer);
        add(&both, mark, layer);
    }
    for (; i < s->n; i++)
        if (s->at[i].layer)
            add(&both, s->at[i].mark, s->at[i].layer);
    ra_vec_release(s);
    *s = both;
}

static const struct layer *find_layer(const struct ra_filesearch *s, uint32_t blob)
{
    size_t low = 0, high = s->layers.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->layers.at[middle].blob < blob)
            low = middle + 1;
        else
            high = middle;
    }
    return &s->layers.at[low];
}

static struct ra_found_file *list_files(const struct sight *sight)
{
    struct ra_found_file *files = ra_calloc(sight->n, sizeof(*files));
    for (size_t i = 0; i < sight->n; i++)
        files[i] = (struct ra_found_file){sight->at[i].mark->path, sight->at[i].mark->bytes,
                                          &sight->at[i].layer->digest};
    return files;
}

bool ra_filesearch_judge(const struct ra_filesearch *s, const struct ra_survey_manifest *image,
                         struct ra_found_file **files, size_t *n)
{
    struct sight sight = {0};
    uint32_t met = 0;
    for (size_t role = 0; role < RA_COUNT(layer_roles); role++) {
        size_t count;
        const uint32_t *refs = ra_survey_refs(image, layer_roles[role], &count);
        for (size_t i = 0; i < count; i++)
            put_layer(&sight, find_layer(s, refs[i]));
    }
    for (size_t i = 0; i < sight.n; i++)
        met |= sight.at[i].mark->patterns;
    bool all = met == (uint32_t)((UINT64_C(1) << s->n_patterns) - 1);
    *n = all ? sight.n : 0;
    *files = all ? list_files(&sight) : NULL;
    ra_vec_release(&sight);
    return all;
}
