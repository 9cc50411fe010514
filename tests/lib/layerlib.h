/*
 * Layers for tests, out of one line a member:
 *
 *     "d usr\n"               a folder               "l lib -> usr/lib\n"    a symbolic link
 *     "f usr/a some text\n"   a file                 "h usr/b = usr/a\n"     a hard link
 *     "w usr/a\n"             usr/.wh.a              "o usr\n"               usr/.wh..wh..opq
 */
#ifndef RA_TESTS_LAYERLIB_H
#define RA_TESTS_LAYERLIB_H

#include "lib/reglib.h"

#include "format/decompress.h"
#include "jobs/layers.h"

/* Appends members, and the end mark when `end`. */
void t_tar_members(struct ra_buf *tar, const char *lines);
void t_tar_member(struct ra_buf *tar, char type, const char *name, const char *link, const void *p, size_t n);
void t_tar_end(struct ra_buf *tar);

/* A blob of any bytes; and of a layer, plain or gzip or zstd. */
struct ra_digest t_layer_bytes(struct ra_store *s, const struct ra_buf *bytes);
struct ra_digest t_layer_as(struct ra_store *s, const char *lines, enum ra_encoding encoding);
struct ra_digest t_layer(struct ra_store *s, const char *lines);
/* An OCI image of them, tagged "latest". */
struct ra_digest t_layer_image(struct ra_store *s, const char *repo, const struct ra_digest *layers,
                               size_t n);

/* The layers of such an image, read and merged; findings belong to the result. */
struct t_layers {
    struct ra_findings findings;
    struct ra_job job;
    struct ra_buf bytes;
    struct ra_manifest manifest;
    struct ra_layers layers;
};
int t_layers_read(struct t_layers *t, struct ra_store *s, const struct ra_digest *image, struct ra_err *err);
void t_layers_release(struct t_layers *t);
/* "usr usr/a=3 lib->usr/lib": the merged image; "1+usr 1+usr/a 2-usr/a": what each layer does. */
const char *t_layers_merged(const struct t_layers *t);
const char *t_layers_changes(const struct t_layers *t);
/* The merged image, and what was found wrong, of an image of these layers: "usr usr/a=3: warning bad-layer". */
const char *t_layers_said(struct ra_store *s, const struct ra_digest *layers, size_t n);

#endif
