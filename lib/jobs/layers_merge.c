/*
 * Layers on top of each other: a tree of names in which later layers replace and remove what earlier ones put there.
 * Nothing that is alive lies below something that is not; so what is dead need not be looked into.
 */
#include "base/names.h"
#include "base/num.h"
#include "base/str.h"
#include "jobs/layers_parts.h"

#define ROOT        0
#define NOWHERE     UINT32_MAX
#define MOST_HOPS   40
#define PREFIX_SIZE 5
/* Folders that no layer lists count too. */
#define MOST_NODES (2 * RA_LAYERS_FILES)

struct node {
    const struct ra_file *file;    /* NULL: a folder that no layer lists */
    const struct ra_file *content; /* file, or what that is a hard link to; NULL where it leads nowhere */
    uint32_t parent, first_child, next_sibling;
    uint32_t alive_children;
    uint16_t died;    /* in which layer, */
    bool dead_before; /* when there was something before */
    bool alive;
};

struct ra_layertree {
    struct ra_layers *layers;
    struct ra_names names; /* parent's number and name: its number is the node's, less one */
    RA_VEC(struct node) nodes;
    uint16_t layer; /* that is being put on top */
};

/* --- nodes ----------------------------------------------------------- */

static struct node *at(const struct ra_layertree *t, uint32_t n)
{
    return &t->nodes.at[n];
}

/* Parent and name in one string; without zero bytes, as the set's strings end with one. */
static size_t name_key(char *key, uint32_t parent, const char *name, size_t n)
{
    for (int i = 0; i < PREFIX_SIZE; i++)
        key[i] = (char)(0x80 | (parent >> (7 * i) & 0x7f));
    memcpy(key + PREFIX_SIZE, name, n);
    return PREFIX_SIZE + n;
}

static uint32_t child_of(const struct ra_layertree *t, uint32_t parent, const char *name, size_t n)
{
    char key[PREFIX_SIZE + RA_LAYER_NAME];
    uint32_t found =
        n > RA_LAYER_NAME ? RA_NO_NAME : ra_names_find(&t->names, key, name_key(key, parent, name, n));
    return found == RA_NO_NAME ? NOWHERE : found + 1;
}

static uint32_t make_child(struct ra_layertree *t, uint32_t parent, const char *name, size_t n)
{
    char key[PREFIX_SIZE + RA_LAYER_NAME];
    uint32_t known = child_of(t, parent, name, n), sibling = at(t, parent)->first_child;
    if (known != NOWHERE || t->nodes.n > MOST_NODES)
        return known;
    uint32_t number = ra_names_add(&t->names, key, name_key(key, parent, name, n), NULL) + 1;
    *ra_vec_push(&t->nodes) =
        (struct node){.parent = parent, .first_child = NOWHERE, .next_sibling = sibling};
    at(t, parent)->first_child = number;
    return number;
}

static void revive(struct ra_layertree *t, uint32_t n)
{
    if (at(t, n)->alive)
        return;
    at(t, n)->alive = true;
    at(t, at(t, n)->parent)->alive_children++;
}

static void die(struct ra_layertree *t, uint32_t n)
{
    struct node *node = at(t, n);
    if (node->file && node->file->kind == RA_MEMBER_FILE)
        t->layers->hidden = ra_add_sat(t->layers->hidden, node->file->size);
    node->alive = false;
    node->dead_before = true;
    node->died = t->layer;
    node->file = node->content = NULL;
    at(t, node->parent)->alive_children--;
}

/* The node, or the first behind it that lives. */
static uint32_t first_alive(const struct ra_layertree *t, uint32_t n)
{
    while (n != NOWHERE && !at(t, n)->alive)
        n = at(t, n)->next_sibling;
    return n;
}

/* All that lives below a node, from the leaves up. */
static void empty(struct ra_layertree *t, uint32_t top)
{
    uint32_t n = top;
    for (;;) {
        uint32_t next = at(t, n)->alive_children ? first_alive(t, at(t, n)->first_child) : NOWHERE;
        if (next == NOWHERE && n == top)
            return;
        if (next == NOWHERE) {
            next = first_alive(t, at(t, n)->next_sibling);
            next = next == NOWHERE ? at(t, n)->parent : next;
            die(t, n);
        }
        n = next;
    }
}

static bool is_folder(const struct node *n)
{
    return !n->file || n->file->kind == RA_MEMBER_FOLDER;
}

/* --- paths ----------------------------------------------------------- */

enum how { MAKE = 1 << 0, FOLLOW_LAST = 1 << 1 };

struct walk {
    struct ra_layertree *t;
    unsigned how;
    unsigned hops;
    uint32_t here;
    struct ra_buf path; /* what is left of it, from `next` on */
    size_t next;
};

static const char *next_component(struct walk *w, size_t *n)
{
    const char *s = ra_buf_str(&w->path) + w->next;
    s += strspn(s, "/");
    *n = strcspn(s, "/");
    w->next = (size_t)(s - ra_buf_str(&w->path)) + *n;
    return s;
}

static bool is_last(const struct walk *w)
{
    const char *s = ra_buf_str(&w->path) + w->next;
    return s[strspn(s, "/")] == '\0';
}

/* Goes on where a symbolic link points to. */
static bool follow(struct walk *w, const char *link)
{
    RA_BUF_AUTO path = {0};
    if (++w->hops > MOST_HOPS)
        return false;
    ra_buf_addf(&path, "%s/%s", link, ra_buf_str(&w->path) + w->next);
    ra_buf_clear(&w->path);
    ra_buf_add(&w->path, path.data, path.len);
    w->next = 0;
    if (*link == '/')
        w->here = ROOT;
    return true;
}

/* Makes it a folder to go on through, whatever it was. */
static bool enter(struct walk *w, uint32_t n)
{
    struct node *node = at(w->t, n);
    if (node->alive && is_folder(node)) {
        w->here = n;
        return true;
    }
    if (!(w->how & MAKE))
        return false;
    if (node->alive)
        die(w->t, n);
    revive(w->t, n);
    w->here = n;
    return true;
}

/* One component: 1 to go on, 0 when `*found` is what the path means, which is NOWHERE when it leads there. */
static int step(struct walk *w, uint32_t *found)
{
    size_t n;
    const char *name = next_component(w, &n);
    *found = w->here;
    if (n == 0)
        return 0;
    if (n == 1 && *name == '.')
        return 1;
    if (n == 2 && memcmp(name, "..", 2) == 0) {
        w->here = at(w->t, w->here)->parent;
        return 1;
    }
    *found = NOWHERE;
    if (n > RA_LAYER_NAME)
        return 0;
    uint32_t child = w->how & MAKE ? make_child(w->t, w->here, name, n) : child_of(w->t, w->here, name, n);
    if (child == NOWHERE)
        return 0;
    const struct node *node = at(w->t, child);
    bool last = is_last(w), link = node->alive && node->file && node->file->kind == RA_MEMBER_SYMLINK;
    if (link && (!last || w->how & FOLLOW_LAST))
        return follow(w, node->file->link);
    if (last)
        *found = child;
    return !last && enter(w, child);
}

/* The node that a path means, or NOWHERE. With MAKE the last one may be dead. */
static uint32_t walk(struct ra_layertree *t, const char *path, unsigned how)
{
    struct walk w = {.t = t, .how = how};
    uint32_t found;
    ra_buf_adds(&w.path, path);
    while (step(&w, &found))
        ;
    ra_buf_release(&w.path);
    return found;
}

/* --- putting a layer on top ----------------------------------------------------------- */

static void take_away(struct ra_layertree *t, const struct ra_file *file)
{
    uint32_t n = walk(t, file->path, file->act == RA_ACT_EMPTY ? FOLLOW_LAST : 0);
    if (n == NOWHERE || !at(t, n)->alive)
        return;
    empty(t, n);
    if (file->act == RA_ACT_REMOVE && n != ROOT)
        die(t, n);
}

static enum ra_change change_of(const struct ra_layertree *t, const struct node *n,
                                const struct ra_file *file)
{
    const struct ra_file *old = n->alive ? n->file : NULL;
    if (old && old->layer == t->layer)
        return (enum ra_change)old->change;
    if (!n->alive)
        return n->dead_before && n->died == t->layer ? RA_CHANGE_CHANGED : RA_CHANGE_ADDED;
    if (!is_folder(n) || file->kind != RA_MEMBER_FOLDER)
        return RA_CHANGE_CHANGED;
    bool same = old && old->mode == file->mode && old->uid == file->uid && old->gid == file->gid;
    return same ? RA_CHANGE_SAME : old ? RA_CHANGE_CHANGED : RA_CHANGE_ADDED;
}

/* A name that symbolic links lead round in a circle stays out: false. */
static bool put(struct ra_layertree *t, struct ra_file *file)
{
    uint32_t n = walk(t, file->path, MAKE);
    if (n == NOWHERE || n == ROOT)
        return false;
    const struct ra_file *content = file;
    if (file->kind == RA_MEMBER_HARDLINK) {
        uint32_t target = walk(t, file->link, 0);
        content = target != NOWHERE && at(t, target)->alive ? at(t, target)->content : NULL;
    }
    file->change = (uint8_t)change_of(t, at(t, n), file);
    if (file->kind != RA_MEMBER_FOLDER)
        empty(t, n);
    if (at(t, n)->alive && !is_folder(at(t, n)))
        die(t, n);
    revive(t, n);
    at(t, n)->file = file;
    at(t, n)->content = content;
    return true;
}

/* Whiteouts first, wherever in the tar they stand: they concern lower layers. */
static void put_on_top(struct ra_layertree *t, struct ra_layer *layer)
{
    ra_vec_each (file, &layer->files)
        if (file->act == RA_ACT_REMOVE || file->act == RA_ACT_EMPTY)
            take_away(t, file);
    ra_vec_each (file, &layer->files)
        if (file->act == RA_ACT_PUT && !put(t, file))
            file->change = RA_CHANGE_ODD;
}

/* --- the result ----------------------------------------------------------- */

static const char *name_of(const struct ra_layertree *t, uint32_t n)
{
    return t->names.at[n - 1] + PREFIX_SIZE;
}

static size_t path_length(const struct ra_layertree *t, uint32_t n)
{
    size_t length = 0;
    for (uint32_t up = n; up != ROOT; up = at(t, up)->parent)
        length += strlen(name_of(t, up)) + 1;
    return length;
}

/* The place in the tree, which symbolic links may make another than the member's own path. */
static const char *path_of(struct ra_layertree *t, uint32_t n, struct ra_arena *arena)
{
    size_t length = path_length(t, n);
    char *path = ra_arena_alloc(arena, length + 1), *end = path + length - 1;
    for (uint32_t up = n; up != ROOT; up = at(t, up)->parent) {
        size_t size = strlen(name_of(t, up));
        end -= size;
        memcpy(end, name_of(t, up), size);
        if (end > path)
            *--end = '/';
    }
    return path;
}

static bool lies_there(const struct ra_layertree *t, uint32_t n, const char *path)
{
    size_t length = strlen(path);
    for (uint32_t up = n; up != ROOT; up = at(t, up)->parent) {
        size_t size = strlen(name_of(t, up));
        if (size > length || memcmp(path + length - size, name_of(t, up), size) != 0)
            return false;
        length -= size;
        if (length == 0)
            return at(t, up)->parent == ROOT;
        if (path[--length] != '/')
            return false;
    }
    return false;
}

static int compare(const void *left, const void *right)
{
    const struct ra_file *a = left, *b = right;
    return strcmp(a->path, b->path);
}

/* A short name behind a symbolic link may stand for a path as long as one likes. */
static int check_paths(const struct ra_layertree *t, struct ra_err *err)
{
    size_t text = 0;
    for (uint32_t n = 1; n < t->nodes.n; n++) {
        const struct node *node = at(t, n);
        if (node->alive && node->file && !lies_there(t, n, node->file->path))
            text += path_length(t, n);
        if (text > RA_LAYERS_TEXT)
            return ra_fail(
                err, RA_TOOBIG,
                "the paths of files behind symbolic links in the image's layers take more than %zu bytes",
                RA_LAYERS_TEXT);
    }
    return 0;
}

static void collect(struct ra_layertree *t)
{
    struct ra_layers *layers = t->layers;
    for (uint32_t n = 1; n < t->nodes.n; n++) {
        const struct node *node = at(t, n);
        if (!node->alive || !node->file)
            continue;
        struct ra_file *file = ra_vec_push(&layers->merged);
        *file = *node->file;
        if (!lies_there(t, n, file->path))
            file->path = path_of(t, n, &layers->list.at[file->layer].arena);
        if (file->kind == RA_MEMBER_FILE)
            layers->bytes = ra_add_sat(layers->bytes, file->size);
    }
    if (layers->merged.n)
        qsort(layers->merged.at, layers->merged.n, sizeof(*layers->merged.at), compare);
}

int ra_layers_merge(struct ra_layers *layers, struct ra_err *err)
{
    struct ra_layertree *t = layers->tree = ra_new(struct ra_layertree);
    t->layers = layers;
    *ra_vec_push(&t->nodes) = (struct node){.first_child = NOWHERE, .next_sibling = NOWHERE, .alive = true};
    for (; t->layer < layers->list.n; t->layer++)
        put_on_top(t, &layers->list.at[t->layer]);
    int rc = check_paths(t, err);
    if (rc == 0)
        collect(t);
    return rc;
}

const struct ra_file *ra_layertree_find(const struct ra_layertree *t, const char *path)
{
    uint32_t n = walk((struct ra_layertree *)t, path, FOLLOW_LAST);
    return n == NOWHERE || !at(t, n)->alive ? NULL : at(t, n)->content;
}

void ra_layertree_free(struct ra_layertree *t)
{
    if (!t)
        return;
    ra_names_release(&t->names);
    ra_vec_release(&t->nodes);
    free(t);
}
