#include "jobs/import_plan.h"

#include "format/json.h"
#include "registry/annotations.h"
#include "registry/imageconfig.h"

#define INDEX_MAX ((size_t)64 << 20)

/* An entry of index.json; strings are malloc'd. */
struct entry {
    char *media_type, *digest, *full_name, *ref_name, *repository;
    int64_t size;
};

static void entry_release(struct entry *e)
{
    free(e->media_type);
    free(e->digest);
    free(e->full_name);
    free(e->ref_name);
    free(e->repository);
    *e = (struct entry){.size = -1};
}

static void take(struct ra_json *j, char **to)
{
    struct ra_json_str s;
    if (!ra_json_string(j, &s))
        return;
    free(*to);
    *to = ra_json_str_dup(&s, NULL);
}

static void read_annotations(struct ra_json *j, struct entry *e)
{
    struct ra_json_str key;
    if (!ra_json_open_object(j))
        return;
    while (ra_json_next_member(j, &key)) {
        if (ra_json_str_is(&key, RA_ANN_CONTAINERD_NAME))
            take(j, &e->full_name);
        else if (ra_json_str_is(&key, RA_ANN_REF_NAME))
            take(j, &e->ref_name);
        else if (ra_json_str_is(&key, RA_ANN_REPOSITORY))
            take(j, &e->repository);
        else
            ra_json_skip(j);
    }
}

static void read_entry(struct ra_json *j, struct entry *e)
{
    static const struct ra_json_name names[] = {RA_JSON_NAME("mediaType"), RA_JSON_NAME("digest"),
                                                RA_JSON_NAME("size"), RA_JSON_NAME("annotations")};
    struct ra_json_str key;
    entry_release(e);
    if (!ra_json_open_object(j))
        return;
    while (ra_json_next_member(j, &key)) {
        switch (ra_json_key(&key, names, RA_COUNT(names))) {
        case 0:
            take(j, &e->media_type);
            break;
        case 1:
            take(j, &e->digest);
            break;
        case 2:
            ra_json_int(j, &e->size);
            break;
        case 3:
            read_annotations(j, e);
            break;
        default:
            ra_json_skip(j);
        }
    }
}

/* --- is it one? --------------------------------------------------------------------------------------------- */

static int read_index(struct ra_import *im, struct ra_buf *out, struct ra_err *err)
{
    return ra_members_get(im->members, "index.json", INDEX_MAX, out, err);
}

/* Whether `manifests` has an element. Docker 25.0.0 to 25.0.2 wrote null for images without a tag. */
static bool lists_something(const struct ra_buf *index)
{
    static const struct ra_json_name manifests = RA_JSON_NAME("manifests");
    struct ra_json j;
    struct ra_json_str key;
    bool some = false;
    ra_json_init(&j, ra_buf_str(index), index->len);
    bool object = ra_json_open_object(&j);
    while (object && ra_json_next_member(&j, &key)) {
        if (ra_json_key(&key, &manifests, 1) < 0) {
            ra_json_skip(&j);
            continue;
        }
        if (ra_json_open_array(&j))
            while (ra_json_next_element(&j))
                some |= ra_json_skip(&j);
    }
    return some || ra_json_finish(&j, NULL) < 0;
}

int ra_import_is_oci(struct ra_import *im, struct ra_err *err)
{
    RA_BUF_AUTO index = {0};
    int rc = read_index(im, &index, err);
    if (rc == -RA_NOTFOUND)
        return ra_err_clear(err), 0;
    return rc < 0 ? rc : lists_something(&index);
}

/* --- planning ----------------------------------------------------------------------------------------------- */

static int plan_entry(struct ra_import *im, const struct entry *e, struct ra_err *err)
{
    struct ra_digest d;
    const char *text = e->digest ? e->digest : "";
    if (!ra_digest_parse(text, strlen(text), &d))
        return ra_fail(err, RA_CORRUPT, "it lists '%.100s', which is no digest", text);
    if (e->size < 0)
        return ra_fail(err, RA_CORRUPT, "it gives no size for '%s'", text);
    uint32_t root = ra_import_blob(im, &d);
    int rc = ra_import_plan_graph(im, root, e->media_type ? e->media_type : "", (uint64_t)e->size, err);
    if (rc < 0)
        return rc;
    const char *name = e->full_name ? e->full_name : e->ref_name;
    struct import_image *image =
        ra_import_add_image(im, name, name == e->ref_name && name && !strpbrk(name, ":/"), root);
    image->home = e->repository && !name ? ra_strdup(e->repository) : NULL;
    return 0;
}

static int plan_entries(struct ra_import *im, struct ra_json *j, struct ra_err *err)
{
    __attribute__((cleanup(entry_release))) struct entry e = {0};
    int rc = 0;
    if (!ra_json_open_array(j))
        return 0;
    while (rc == 0 && ra_json_next_element(j)) {
        read_entry(j, &e);
        rc = plan_entry(im, &e, err);
    }
    return rc;
}

static int plan_index(struct ra_import *im, struct ra_err *err)
{
    static const struct ra_json_name manifests = RA_JSON_NAME("manifests");
    RA_BUF_AUTO index = {0};
    struct ra_json j;
    struct ra_json_str key;
    int rc = read_index(im, &index, err);
    if (rc < 0)
        return rc;
    /* A first pass for the whole: nothing is planned from a document that turns out to be none. */
    ra_json_init(&j, ra_buf_str(&index), index.len);
    ra_json_skip(&j);
    if ((rc = ra_json_finish(&j, err)) < 0)
        return rc;
    ra_json_init(&j, ra_buf_str(&index), index.len);
    if (!ra_json_open_object(&j))
        return ra_fail(err, RA_CORRUPT, "it is no JSON object");
    while (rc == 0 && ra_json_next_member(&j, &key)) {
        if (ra_json_key(&key, &manifests, 1) < 0)
            ra_json_skip(&j);
        else
            rc = plan_entries(im, &j, err);
    }
    return rc;
}

static int read_subject(struct ra_import *im, struct import_image *image, struct ra_err *err)
{
    RA_BUF_AUTO bytes = {0};
    RA_MANIFEST_AUTO m = {0};
    int rc = ra_import_read_manifest(im, image->root, &bytes, err);
    if (rc == 0)
        rc = ra_manifest_parse(&m, ra_buf_str(&bytes), bytes.len, err);
    if (rc == 0 && m.subject && m.subject->valid)
        image->subject = ra_import_blob(im, &m.subject->digest);
    return rc;
}

static int read_subjects(struct ra_import *im, struct ra_err *err)
{
    for (size_t i = 0; i < im->images.n; i++) {
        struct import_image *image = &im->images.at[i];
        if (image->source || !im->blobs.at[image->root].manifest)
            continue;
        int rc = read_subject(im, image, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* --- Docker 25.0.0 ------------------------------------------------------------------------------------------ */

/* Whether an image's plain layers, whose digests are their diff ids, stand in another order than the config says. */
static bool shuffled(struct ra_import *im, const struct import_image *image)
{
    RA_BUF_AUTO bytes = {0};
    RA_BUF_AUTO config = {0};
    RA_MANIFEST_AUTO m = {0};
    RA_IMAGECONFIG_AUTO c = {0};
    if (ra_import_read_manifest(im, image->root, &bytes, NULL) < 0 ||
        ra_manifest_parse(&m, ra_buf_str(&bytes), bytes.len, NULL) < 0 || !m.config || !m.config->valid)
        return false;
    uint32_t number = ra_digest_set_find(im->digests, &m.config->digest);
    if (number == RA_NONE || ra_import_read_manifest(im, number, &config, NULL) < 0 ||
        ra_imageconfig_parse(&c, ra_buf_str(&config), config.len, NULL) < 0 || c.diff_ids.n != m.layers.n)
        return false;
    for (size_t i = 0; i < m.layers.n; i++)
        if (!ra_streq(m.layers.at[i].media_type, RA_MT_OCI_LAYER))
            return false;
    for (size_t i = 0; i < m.layers.n; i++)
        if (!ra_streq(m.layers.at[i].text, c.diff_ids.at[i]))
            return true;
    return false;
}

static bool has_docker_table(const struct ra_import *im)
{
    struct ra_found f;
    return ra_members_find(im->members, "manifest.json", &f, NULL) == 0;
}

/* That release wrote the layers of its OCI manifests in random order; its manifest.json is right. */
static bool trust_docker_table(struct ra_import *im)
{
    if (!has_docker_table(im))
        return false;
    for (size_t i = 0; i < im->images.n; i++)
        if (im->blobs.at[im->images.at[i].root].manifest && shuffled(im, &im->images.at[i]))
            return true;
    return false;
}

static void forget(struct ra_import *im)
{
    ra_vec_each (image, &im->images) {
        free(image->source);
        free(image->home);
        free(image->was);
    }
    im->images.n = 0;
}

static int check_layout(struct ra_import *im, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    int rc = ra_members_get(im->members, "oci-layout", 1 << 16, &text, err);
    if (rc == -RA_NOTFOUND)
        return ra_err_clear(err), 0;
    if (rc < 0)
        return rc;
    if (!strstr(ra_buf_str(&text), "imageLayoutVersion"))
        return ra_fail(err, RA_CORRUPT, "'oci-layout' does not name a version");
    return 0;
}

int ra_import_oci(struct ra_import *im, struct ra_err *err)
{
    im->kind = "OCI layout";
    int rc = check_layout(im, err);
    if (rc < 0)
        return rc;
    if ((rc = plan_index(im, err)) < 0)
        return ra_wrap(err, rc, "index.json");
    if (trust_docker_table(im)) {
        forget(im);
        return ra_import_docker(im, false, err);
    }
    return read_subjects(im, err);
}
