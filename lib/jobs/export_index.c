#include "jobs/export_plan.h"

#include "base/jsonw.h"
#include "registry/annotations.h"
#include "registry/manifest.h"

static const struct ra_backup_rev *rev_of(const struct ra_backup *s, uint32_t repo, uint32_t digest)
{
    size_t low = 0, high = s->revs.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        const struct ra_backup_rev *r = &s->revs.at[mid];
        int order = r->repo == repo ? 0 : strcmp(s->names.at[r->repo], s->names.at[repo]);
        order = order ? order : ra_digest_set_cmp(&s->digests, r->digest, digest);
        if (order == 0)
            return r;
        low = order < 0 ? mid + 1 : low;
        high = order < 0 ? high : mid;
    }
    return NULL;
}

/* --- index.json --------------------------------------------------------------------------------------------- */

static void begin_descriptor(struct ra_jsonw *w, const struct ra_backup *s, uint32_t digest,
                             uint32_t media_type)
{
    char text[RA_DIGEST_TEXT];
    ra_jsonw_object(w);
    ra_jsonw_key_str(w, "mediaType", media_type == RA_NO_NAME ? RA_MT_OCI_MANIFEST : s->names.at[media_type]);
    ra_jsonw_key_str(w, "digest", ra_digest_text(RA_DIGEST_AT(&s->digests, digest), text));
    ra_jsonw_key_u64(w, "size", s->blobs.at[digest].size);
    ra_jsonw_key(w, "annotations");
    ra_jsonw_object(w);
}

static void put_tag(struct ra_jsonw *w, const struct ra_export_plan *p, const struct ra_backup_tag *t)
{
    const struct ra_backup *s = &p->state;
    const struct ra_backup_rev *rev = rev_of(s, t->repo, t->digest);
    const char *repo = s->names.at[t->repo], *tag = s->names.at[t->name];
    ra_auto_free char *ref = ra_asprintf("%s:%s", repo, tag);
    begin_descriptor(w, s, t->digest, rev ? rev->media_type : RA_NO_NAME);
    if (p->opts->registry) {
        ra_auto_free char *full = ra_asprintf("%s/%s", p->opts->registry, ref);
        ra_jsonw_key_str(w, RA_ANN_CONTAINERD_NAME, full);
    }
    ra_jsonw_key_str(w, RA_ANN_REF_NAME, p->opts->tag_names ? tag : ref);
    ra_jsonw_end(w);
    ra_jsonw_end(w);
}

/* Untagged, and in no index: nothing else in index.json leads to it. No name: tools that unpack what is named would
 * fail at what is no image. */
static void put_root(struct ra_jsonw *w, const struct ra_backup *s, const struct ra_backup_rev *r)
{
    begin_descriptor(w, s, r->digest, r->media_type);
    ra_jsonw_key_str(w, RA_ANN_REPOSITORY, s->names.at[r->repo]);
    ra_jsonw_end(w);
    ra_jsonw_end(w);
}

static uint8_t *tagged(const struct ra_backup *s)
{
    uint8_t *is = ra_calloc(s->blobs.n + 1, 1);
    ra_vec_each (t, &s->tags)
        is[t->digest] = 1;
    return is;
}

int ra_export_put_index(struct ra_export_plan *p, struct ra_buf *out, struct ra_err *err)
{
    const struct ra_backup *s = &p->state;
    ra_auto_free uint8_t *is_tagged = tagged(s);
    struct ra_jsonw w;
    ra_jsonw_to_buf(&w, out, false);
    ra_jsonw_object(&w);
    ra_jsonw_key_u64(&w, "schemaVersion", 2);
    ra_jsonw_key_str(&w, "mediaType", RA_MT_OCI_INDEX);
    ra_jsonw_key(&w, "manifests");
    ra_jsonw_array(&w);
    ra_vec_each (t, &s->tags)
        put_tag(&w, p, t);
    ra_vec_each (r, &s->revs)
        if (!is_tagged[r->digest] && !p->blobs.at[r->digest].child)
            put_root(&w, s, r);
    ra_jsonw_end(&w);
    ra_jsonw_end(&w);
    return ra_jsonw_finish(&w, err);
}
