#include "jobs/import_docker.h"

#include "registry/v1config.h"

/* docker save before 1.10: a folder for every layer, named by an id, with `json`, `layer.tar` and the parent's id in
 * the former. Order comes only from the chain of parents. */

#define CHAIN_MAX   1024
#define V1_JSON_MAX ((size_t)4 << 20)

static int read_step(struct ra_import *im, const char *id, struct ra_arena *arena, struct ra_buf *json,
                     struct ra_v1_image *out, struct ra_err *err)
{
    char path[128];
    if (strspn(id, "0123456789abcdef") != 64 || id[64])
        return ra_fail(err, RA_CORRUPT, "'%.100s' is no id", id);
    snprintf(path, sizeof(path), "%s/json", id);
    int rc = ra_members_get(im->members, path, V1_JSON_MAX, json, err);
    if (rc == 0)
        rc = ra_v1_image_parse(out, arena, id, ra_buf_str(json), json->len, err);
    return rc < 0 ? ra_wrap(err, rc, "'%s'", path) : 0;
}

static int add_step(struct ra_import *im, struct docker_image *image, const char *id, struct ra_err *err)
{
    char path[128];
    for (size_t i = 0; i < image->n_chain; i++)
        if (ra_streq(image->chain[i], id))
            return ra_fail(err, RA_CORRUPT, "the parents of '%s' go in circles", id);
    if (image->n_chain == CHAIN_MAX)
        return ra_fail(err, RA_TOOBIG, "'%s' has more than %d parents", image->chain[0], CHAIN_MAX);
    image->chain = ra_realloc_array(image->chain, image->n_chain + 1, sizeof(*image->chain));
    image->chain[image->n_chain++] = ra_strdup(id);
    snprintf(path, sizeof(path), "%s/layer.tar", id);
    return ra_members_find(im->members, path, &ra_vec_push(&image->layers)->member, err);
}

/* Found from the top; wanted from the base. */
static void reverse(struct docker_image *image)
{
    for (size_t i = 0, j = image->n_chain; i + 1 < j--; i++) {
        char *id = image->chain[i];
        struct docker_layer layer = image->layers.at[i];
        image->chain[i] = image->chain[j];
        image->layers.at[i] = image->layers.at[j];
        image->chain[j] = id;
        image->layers.at[j] = layer;
    }
}

int ra_import_old_plan(struct ra_import *im, size_t i, struct ra_err *err)
{
    RA_AUTO(ra_arena, _release) arena = {0};
    RA_BUF_AUTO json = {0};
    struct docker_image *image = &im->docker->images.at[i];
    struct ra_v1_image step = {.parent = im->docker->table.at[i].config};
    while (*step.parent) {
        const char *id = step.parent;
        ra_buf_clear(&json);
        int rc = read_step(im, id, &arena, &json, &step, err);
        if (rc == 0)
            rc = add_step(im, image, id, err);
        if (rc < 0)
            return rc;
    }
    reverse(image);
    return 0;
}

int ra_import_old_config(struct ra_import *im, struct docker_image *image, const struct import_layer *layers,
                         struct ra_err *err)
{
    RA_AUTO(ra_arena, _release) arena = {0};
    RA_BUF_AUTO json = {0};
    size_t n = image->n_chain, n_diff_ids = 0;
    struct ra_v1_image *images = ra_arena_alloc(&arena, (n + 1) * sizeof(*images));
    struct ra_v1_step *steps = ra_arena_alloc(&arena, (n + 1) * sizeof(*steps));
    struct ra_digest *diff_ids = ra_arena_alloc(&arena, (n + 1) * sizeof(*diff_ids));
    for (size_t i = 0; i < n; i++) {
        ra_buf_clear(&json);
        int rc = read_step(im, image->chain[i], &arena, &json, &images[i], err);
        if (rc < 0)
            return rc;
        steps[i] = (struct ra_v1_step){&images[i], layers[i].empty};
        if (!layers[i].empty)
            diff_ids[n_diff_ids++] = layers[i].diff_id;
    }
    struct ra_v1_recipe recipe = {RA_V1_DOCKER, ra_buf_str(&json), json.len, steps, n, diff_ids, n_diff_ids};
    return ra_v1_config(&recipe, &image->config, NULL, err);
}
