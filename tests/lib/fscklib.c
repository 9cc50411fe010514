#include "lib/fscklib.h"

#include "base/str.h"
#include "registry/layout.h"

#define UUID "0193b5c2-7d1e-7c3a-9f00-0123456789ab"
#define APP  RA_REPOSITORIES "team/app/"

/* --- a sound registry, and what was pushed into it ------------------------------------------------------------- */

struct t_fsck_tree t_fsck_tree(void)
{
    struct t_fsck_tree t = {.s = t_reg_new()};
    t.base = t_reg_blob(t.s, "base layer");
    t.image = t_reg_image(t.s, "team/app", "v1", &t.base, NULL);
    t.config = t_reg_blob(t.s, "{\"os\":\"linux\",\"seed\":\"v1\"}");
    t.layer = t_reg_blob(t.s, "layer of v1");
    t_reg_tag(t.s, "team/app", "v1", &t.image);
    t.children[0] = t_reg_image(t.s, "team/app", "amd64", &t.base, NULL);
    t.children[1] = t_reg_image(t.s, "team/app", "arm64", NULL, NULL);
    t.index = t_reg_index(t.s, "team/app", t.children, 2);
    t_reg_tag(t.s, "team/app", "multi", &t.index);
    t.untagged = t_reg_image(t.s, "team/app", "untagged", NULL, NULL);
    struct ra_digest nested = t_reg_image(t.s, "team/app/nested", "nested", &t.base, NULL);
    t_reg_tag(t.s, "team/app/nested", "v1", &nested);
    t_reg_alias(t.s);
    return t;
}

void t_fsck_put(struct ra_store *s, const struct ra_digest *d, const char *text)
{
    struct ra_key key;
    t_reg_put(s, ra_key_blob(&key, d), text);
}

void t_fsck_lose(struct ra_store *s, const struct ra_digest *d)
{
    struct ra_key key;
    t_reg_remove(s, ra_key_blob(&key, d));
}

/* --- what fsck says about it ----------------------------------------------------------------------------------- */

int t_fsck_run(struct t_fsck *r, struct ra_store *s, const struct ra_fsck_opts *opts, struct ra_err *err)
{
    *r = (struct t_fsck){.findings = RA_FINDINGS_INIT};
    r->job = (struct ra_job){.store = s, .threads = 2, .findings = &r->findings};
    return ra_fsck_check(&r->job, opts, &r->fsck, err);
}

void t_fsck_release(struct t_fsck *r)
{
    ra_fsck_free(r->fsck);
    ra_findings_release(&r->findings);
}

/* "error corrupt-blob, note upload": one for each finding, sorted by path. */
static const char *t_fsck_summary(struct t_fsck *r)
{
    const char *all = "";
    ra_findings_sort(&r->findings);
    ra_vec_each (f, &r->findings.list)
        all = t_fmt("%s%s%s %s", all, *all ? ", " : "", ra_severity_name(f->severity), f->code);
    return all;
}

const char *t_fsck_check(struct ra_store *s, bool quick)
{
    struct t_fsck r;
    struct ra_err err = {0};
    struct ra_fsck_opts opts = {.quick = quick};
    t_ok(t_fsck_run(&r, s, &opts, &err), &err);
    const char *said = t_fsck_summary(&r);
    t_fsck_release(&r);
    return said;
}

/* --- damage, kind by kind -------------------------------------------------------------------------------------- */

static void corrupt_layer(struct t_fsck_tree *t)
{
    t_fsck_put(t->s, &t->layer, "LAYER of v1");
}

static void corrupt_untagged(struct t_fsck_tree *t)
{
    struct ra_digest layer = t_reg_blob(t->s, "layer of untagged");
    t_fsck_put(t->s, &layer, "LAYER of untagged");
}

static void cut_layer(struct t_fsck_tree *t)
{
    t_fsck_put(t->s, &t->layer, "layer");
}

static void empty_config(struct t_fsck_tree *t)
{
    t_fsck_put(t->s, &t->config, "");
}

static void lost_layer(struct t_fsck_tree *t)
{
    t_fsck_lose(t->s, &t->layer);
}

static void lost_config(struct t_fsck_tree *t)
{
    t_fsck_lose(t->s, &t->config);
}

static void lost_manifest(struct t_fsck_tree *t)
{
    t_fsck_lose(t->s, &t->untagged);
}

static void lost_tagged_manifest(struct t_fsck_tree *t)
{
    t_fsck_lose(t->s, &t->image);
}

static void lost_linked_child(struct t_fsck_tree *t)
{
    t_fsck_lose(t->s, &t->children[1]);
}

/* A sparse index is what a pull-through cache makes. */
static void lost_child(struct t_fsck_tree *t)
{
    struct ra_key key;
    t_fsck_lose(t->s, &t->children[1]);
    t_reg_remove(t->s, ra_key_revision(&key, "team/app", &t->children[1]));
}

static void lost_child_link(struct t_fsck_tree *t)
{
    struct ra_key key;
    t_reg_remove(t->s, ra_key_revision(&key, "team/app", &t->children[1]));
}

static void lost_layer_link(struct t_fsck_tree *t)
{
    struct ra_key key;
    t_reg_remove(t->s, ra_key_layer(&key, "team/app", &t->layer));
}

static void empty_layer_link(struct t_fsck_tree *t)
{
    struct ra_key key;
    t_reg_put(t->s, ra_key_layer(&key, "team/app", &t->layer), "");
}

static void wrong_layer_link(struct t_fsck_tree *t)
{
    struct ra_key key;
    t_reg_link(t->s, ra_key_layer(&key, "team/app", &t->layer), &t->base);
}

static void unused_layer_link(struct t_fsck_tree *t)
{
    struct ra_digest gone = t_reg_layer(t->s, "team/app", "unused");
    t_fsck_lose(t->s, &gone);
}

static void lost_revision_link(struct t_fsck_tree *t)
{
    struct ra_key key;
    t_reg_remove(t->s, ra_key_revision(&key, "team/app", &t->image));
}

static void empty_revision_link(struct t_fsck_tree *t)
{
    struct ra_key key;
    t_reg_put(t->s, ra_key_revision(&key, "team/app", &t->image), "");
}

static void wrong_revision_link(struct t_fsck_tree *t)
{
    struct ra_key key;
    t_reg_link(t->s, ra_key_revision(&key, "team/app", &t->untagged), &t->image);
}

static void empty_tag_link(struct t_fsck_tree *t)
{
    t_reg_put(t->s, APP "_manifests/tags/v1/current/link", "");
}

static void newline_in_tag_link(struct t_fsck_tree *t)
{
    char text[RA_DIGEST_TEXT];
    t_reg_put(t->s, APP "_manifests/tags/v1/current/link", t_fmt("%s\n", ra_digest_text(&t->image, text)));
}

static void no_tag_link(struct t_fsck_tree *t)
{
    t_reg_remove(t->s, APP "_manifests/tags/v1/current/link");
}

static void empty_history_link(struct t_fsck_tree *t)
{
    struct ra_key key;
    t_reg_put(t->s, ra_key_tag_history(&key, "team/app", "v1", &t->image), "");
}

static void file_among_tags(struct t_fsck_tree *t)
{
    t_reg_put(t->s, APP "_manifests/tags/README", "?");
}

static void illegal_tag(struct t_fsck_tree *t)
{
    t_reg_tag(t->s, "team/app", "-v1", &t->image);
}

static void illegal_repository(struct t_fsck_tree *t)
{
    struct ra_digest image = t_reg_image(t->s, "Team", "Team", NULL, NULL);
    t_reg_tag(t->s, "Team", "v1", &image);
}

static void manifest_no_json(struct t_fsck_tree *t)
{
    struct ra_digest d = t_reg_manifest(t->s, "team/app", "no JSON");
    t_reg_tag(t->s, "team/app", "odd", &d);
}

static void manifest_unknown(struct t_fsck_tree *t)
{
    struct ra_digest d =
        t_reg_manifest(t->s, "team/app", "{\"schemaVersion\":2,\"mediaType\":\"text/html\"}");
    t_reg_tag(t->s, "team/app", "odd", &d);
}

static void manifest_huge(struct t_fsck_tree *t)
{
    struct ra_digest d = t_reg_manifest(
        t->s, "team/app", t_fmt("{\"schemaVersion\":2,\"manifests\":[%*s]}", (4 << 20) + 1, ""));
    t_reg_tag(t->s, "team/app", "huge", &d);
}

/* As when somebody writes links by hand. */
static void tag_to_config(struct t_fsck_tree *t)
{
    t_reg_link(t->s, APP "_manifests/tags/v1/current/link", &t->config);
}

static void tag_to_layer(struct t_fsck_tree *t)
{
    t_reg_link(t->s, APP "_manifests/tags/v1/current/link", &t->layer);
}

static void config_as_revision(struct t_fsck_tree *t)
{
    struct ra_key key;
    tag_to_config(t);
    t_reg_link(t->s, ra_key_revision(&key, "team/app", &t->config), &t->config);
}

/* Neither says whether it is a manifest: one is, without revision link, and one is not. */
static void index_without_types(struct t_fsck_tree *t)
{
    struct ra_key key;
    char child[RA_DIGEST_TEXT], blob[RA_DIGEST_TEXT];
    struct ra_digest layer = t_reg_layer(t->s, "team/app", "plain");
    struct ra_digest index = t_reg_manifest(
        t->s, "team/app",
        t_fmt("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":"
              "[{\"digest\":\"%s\",\"mediaType\":\"x/y\"},{\"digest\":\"%s\"}]}",
              ra_digest_text(&t->untagged, child), ra_digest_text(&layer, blob)));
    t_reg_remove(t->s, ra_key_revision(&key, "team/app", &t->untagged));
    t_reg_tag(t->s, "team/app", "plain", &index);
}

static void no_layers_folder(struct t_fsck_tree *t)
{
    struct ra_digest image = t_reg_manifest(t->s, "bare",
                                            "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image."
                                            "manifest.v1+json\",\"layers\":[]}");
    t_reg_tag(t->s, "bare", "v1", &image);
}

static void no_manifests_folder(struct t_fsck_tree *t)
{
    struct ra_key key;
    t_reg_link(t->s, ra_key_layer(&key, "failed/push", &t->base), &t->base);
}

static void orphan(struct t_fsck_tree *t)
{
    t_reg_blob(t->s, "nobody's");
}

static void unknown_algorithm(struct t_fsck_tree *t)
{
    t_reg_put(t->s, RA_BLOBS "md5/d4/d41d8cd98f00b204e9800998ecf8427e/data", "");
}

static void wrong_fan_out(struct t_fsck_tree *t)
{
    char hex[RA_DIGEST_TEXT];
    t_reg_put(t->s, t_fmt(RA_BLOBS "sha256/zz/%s/data", ra_digest_hex(&t->layer, hex)), "layer of v1");
}

static void short_hex(struct t_fsck_tree *t)
{
    t_reg_put(t->s, RA_BLOBS "sha256/ab/abcd/data", "x");
}

static void foreign(struct t_fsck_tree *t)
{
    t_reg_put(t->s, RA_V2 "notes.txt", "x");
}

static void leftover(struct t_fsck_tree *t)
{
    t_reg_put(t->s, APP "_manifests/tags/v1/current/link." UUID ".tmp", "sha2");
}

static void upload(struct t_fsck_tree *t)
{
    t_reg_put(t->s, APP "_uploads/" UUID "/startedat", "2020-01-01T00:00:00Z");
}

static void signature(struct t_fsck_tree *t)
{
    struct ra_key key;
    char hex[RA_DIGEST_TEXT];
    const char *folder = ra_key_revision_folder(&key, "team/app", &t->image);
    t_reg_link(t->s, t_fmt("%ssignatures/sha256/%s/link", folder, ra_digest_hex(&t->base, hex)), &t->base);
}

#define DAMAGE(name, ...)        \
    {                            \
        name, #name, __VA_ARGS__ \
    }
const struct t_damage t_damages[] = {
    DAMAGE(corrupt_layer, "error corrupt-blob", ""),
    DAMAGE(corrupt_untagged, "warning corrupt-blob", ""),
    DAMAGE(cut_layer, "error corrupt-blob", "error size-mismatch"),
    DAMAGE(empty_config, "error corrupt-blob", "error size-mismatch"),
    DAMAGE(lost_layer, "error missing-blob"),
    DAMAGE(lost_config, "error missing-blob"),
    DAMAGE(lost_manifest, "note orphan-blobs, warning dangling-revision"),
    DAMAGE(lost_tagged_manifest, "note orphan-blobs, error dangling-tag"),
    DAMAGE(lost_linked_child, "note orphan-blobs, error missing-blob"),
    DAMAGE(lost_child, "note orphan-blobs"),
    DAMAGE(lost_child_link, "warning missing-revision-link"),
    DAMAGE(lost_layer_link, "error missing-layer-link"),
    DAMAGE(empty_layer_link, "error bad-link", ""),
    DAMAGE(wrong_layer_link, "warning link-mismatch", ""),
    DAMAGE(unused_layer_link, "note dangling-layer-link", ""),
    DAMAGE(lost_revision_link, "error missing-revision-link"),
    DAMAGE(empty_revision_link, "error bad-link"),
    /* In memory as in a bucket, --quick does not read links. */
    DAMAGE(wrong_revision_link, "warning link-mismatch"),
    DAMAGE(empty_tag_link, "error bad-link"),
    DAMAGE(newline_in_tag_link, "error bad-link"),
    DAMAGE(no_tag_link, "note tag-without-link"),
    DAMAGE(empty_history_link, "warning bad-link", ""),
    DAMAGE(file_among_tags, "note foreign-file", ""),
    DAMAGE(illegal_tag, "warning illegal-name"),
    DAMAGE(illegal_repository, "warning illegal-name"),
    DAMAGE(manifest_no_json, "error bad-manifest"),
    DAMAGE(manifest_unknown, "note not-understood"),
    DAMAGE(manifest_huge, "error bad-manifest"),
    DAMAGE(tag_to_config, "error bad-manifest, error bad-manifest"),
    DAMAGE(tag_to_layer, "error bad-manifest, error bad-manifest"),
    DAMAGE(config_as_revision, "error bad-manifest, error bad-manifest"),
    DAMAGE(index_without_types, ""),
    DAMAGE(no_layers_folder, "warning unlisted-repository"),
    DAMAGE(no_manifests_folder, "note unlisted-repository"),
    DAMAGE(orphan, "note orphan-blobs"),
    DAMAGE(unknown_algorithm, "warning wrong-folder", ""),
    DAMAGE(wrong_fan_out, "warning wrong-folder", ""),
    DAMAGE(short_hex, "warning wrong-folder", ""),
    DAMAGE(foreign, "note foreign-file", ""),
    DAMAGE(leftover, "note leftover", ""),
    DAMAGE(upload, "note upload"),
    DAMAGE(signature, "note legacy-file", ""),
    {0},
};

void t_damage(struct t_fsck_tree *t, const char *name)
{
    const struct t_damage *d = t_damages;
    while (!ra_streq(d->name, name))
        d++;
    d->make(t);
}
