#include "jobs/migrate_parts.h"

/* Reads the stored checksum; one that cannot be read is none. */
static void read_checksum(struct ra_mig *m, struct ra_mig_image *image)
{
    struct ra_key key;
    RA_ERR_AUTO err = {0};
    RA_BUF_AUTO bytes = {0};
    int rc = ra_store_get(m->source->images, ra_v1_image_key(&key, m->source, image->id, RA_V1_CHECKSUM),
                          65536, &bytes, NULL, &err);
    if (rc == 0)
        ra_v1_checksum_parse(ra_buf_str(&bytes), bytes.len, &image->checksum);
    else if (rc != -RA_NOTFOUND)
        ra_mig_remark(&image->remarks, RA_WARNING, "unreadable",
                      "the checksum of image %s cannot be read: %s", image->id, ra_err_text(&err));
}

/* A marker that cannot be looked at counts as one that is there. */
static bool is_in_progress(struct ra_mig *m, const struct ra_mig_image *image)
{
    struct ra_key key;
    struct ra_stat st;
    return ra_store_stat(m->source->images, ra_v1_image_key(&key, m->source, image->id, RA_V1_INPROGRESS),
                         &st, NULL) != -RA_NOTFOUND;
}

static bool look_at_layer(struct ra_mig *m, struct ra_mig_image *image)
{
    struct ra_key key;
    struct ra_stat st = {0};
    RA_ERR_AUTO err = {0};
    int rc =
        ra_store_stat(m->source->images, ra_v1_image_key(&key, m->source, image->id, RA_V1_LAYER), &st, &err);
    if (rc == -RA_NOTFOUND)
        ra_mig_spoil(image, "v1-missing-layer", "image %s has no layer%s", image->id,
                     image->in_progress ? ": it was never pushed to its end" : "");
    else if (rc < 0)
        ra_mig_spoil(image, "unreadable", "%s", ra_err_text(&err));
    else if (st.kind == RA_OTHER)
        ra_mig_spoil(image, "v1-outside",
                     "the layer of image %s is no file, or a link that leads out of the tree "
                     "(--follow-symlinks allows that)",
                     image->id);
    else if (st.kind != RA_OBJECT)
        ra_mig_spoil(image, "v1-missing-layer", "the layer of image %s is a folder", image->id);
    image->size = st.size;
    image->mtime = st.mtime;
    return image->fate != RA_FATE_BAD;
}

/* Pushes that never ended, where nothing that could be read in the layer would change the answer. */
static void judge_progress(struct ra_mig *m, struct ra_mig_image *image)
{
    if (!image->in_progress || m->opts->trust == RA_TRUST_ALWAYS)
        return;
    if (m->opts->trust == RA_TRUST_NEVER)
        ra_mig_spoil(image, "v1-in-progress", "image %s is marked as never pushed to its end", image->id);
    else if (!image->checksum.has_simple)
        ra_mig_spoil(image, "v1-in-progress",
                     "image %s is marked as never pushed to its end, and has no checksum that shows it whole",
                     image->id);
}

void ra_mig_look_at_image(struct ra_mig *m, uint32_t i)
{
    struct ra_mig_image *image = &m->images.at[i];
    image->in_progress = is_in_progress(m, image);
    if (!look_at_layer(m, image))
        return;
    read_checksum(m, image);
    judge_progress(m, image);
}
