#include "jobs/report.h"

#include "base/clock.h"
#include "base/names.h"

/* Tables that fill while rows are written, and are written behind them. */
struct tables {
    struct ra_jsonw *w;
    struct ra_names strings;
    struct ra_digest_set digests;
    RA_VEC(struct ra_report_layer) blobs; /* by the numbers of digests */
};

static void tables_release(struct tables *t)
{
    ra_names_release(&t->strings);
    ra_digest_set_release(&t->digests);
    ra_vec_release(&t->blobs);
}

static void put_digest(struct ra_jsonw *w, const struct ra_digest *d)
{
    char text[RA_DIGEST_TEXT];
    ra_jsonw_str(w, ra_digest_text(d, text));
}

/* Seconds: a page shows no more, and nanoseconds would not fit into its numbers. */
static void put_time(struct ra_jsonw *w, int64_t ns)
{
    if (ns == RA_TIME_NONE)
        ra_jsonw_null(w);
    else
        ra_jsonw_i64(w, ns / RA_SECOND - (ns % RA_SECOND < 0));
}

static uint32_t string_number(struct tables *t, const char *s)
{
    return ra_names_add(&t->strings, s, strlen(s), NULL);
}

static void put_string(struct tables *t, const char *s)
{
    ra_jsonw_u64(t->w, string_number(t, s));
}

static void put_layer(struct tables *t, const struct ra_report_layer *layer)
{
    bool fresh;
    uint32_t number = ra_digest_set_add(&t->digests, &layer->digest, &fresh);
    if (fresh)
        *ra_vec_push(&t->blobs) = *layer;
    ra_jsonw_u64(t->w, number);
}

static void put_places(struct ra_jsonw *w, const uint32_t *at, size_t n)
{
    ra_jsonw_array(w);
    for (size_t i = 0; i < n; i++)
        ra_jsonw_u64(w, at[i]);
    ra_jsonw_end(w);
}

/* A step that made no layer is told by a negative number. */
static void put_history(struct tables *t, const struct ra_report_image *image)
{
    ra_jsonw_array(t->w);
    for (size_t i = 0; i < image->history.n; i++) {
        int64_t number = string_number(t, image->history.at[i].text);
        ra_jsonw_i64(t->w, image->history.at[i].empty ? -number - 1 : number);
    }
    ra_jsonw_end(t->w);
}

static void put_image(struct tables *t, const struct ra_report_image *image)
{
    struct ra_jsonw *w = t->w;
    ra_jsonw_array(w);
    put_digest(w, &image->digest);
    put_string(t, image->kind);
    put_string(t, *image->artifact_type ? image->artifact_type : image->media_type);
    ra_jsonw_u64(w, image->bytes);
    ra_jsonw_u64(w, image->manifest_bytes);
    ra_jsonw_u64(w, image->config_bytes);
    put_time(w, image->created);
    put_string(t, image->platform);
    ra_jsonw_array(w);
    for (size_t i = 0; i < image->platforms.n; i++)
        put_string(t, image->platforms.at[i]);
    ra_jsonw_end(w);
    ra_jsonw_array(w);
    for (size_t i = 0; i < image->layers.n; i++)
        put_layer(t, &image->layers.at[i]);
    ra_jsonw_end(w);
    put_history(t, image);
    ra_jsonw_array(w);
    for (size_t i = 0; i < image->labels.n; i++) {
        put_string(t, image->labels.at[i].key);
        put_string(t, image->labels.at[i].value);
    }
    ra_jsonw_end(w);
    put_places(w, image->children.at, image->children.n);
    put_places(w, image->referrers.at, image->referrers.n);
    ra_jsonw_end(w);
}

static void put_tag(struct ra_jsonw *w, const struct ra_report_tag *tag)
{
    ra_jsonw_array(w);
    ra_jsonw_u64(w, tag->repo);
    ra_jsonw_str(w, tag->name);
    if (tag->image == RA_NONE)
        ra_jsonw_null(w);
    else
        ra_jsonw_u64(w, tag->image);
    put_time(w, tag->updated);
    ra_jsonw_u64(w, tag->unique_bytes);
    ra_jsonw_end(w);
}

static void put_repo(struct ra_jsonw *w, const struct ra_report *r, size_t i)
{
    const struct ra_du_repo *du = &r->du.repos.at[i];
    const struct ra_report_repo *repo = &r->repos.at[i];
    ra_jsonw_array(w);
    ra_jsonw_str(w, du->name);
    ra_jsonw_u64(w, repo->tags);
    ra_jsonw_u64(w, repo->revisions);
    ra_jsonw_u64(w, du->bytes);
    ra_jsonw_u64(w, du->unique_bytes);
    ra_jsonw_u64(w, du->shared_bytes);
    ra_jsonw_u64(w, du->untagged_bytes);
    ra_jsonw_u64(w, du->upload_bytes);
    put_time(w, repo->updated);
    ra_jsonw_end(w);
}

static void put_finding(struct ra_jsonw *w, const struct ra_finding *f)
{
    ra_jsonw_array(w);
    ra_jsonw_str(w, ra_severity_name(f->severity));
    ra_jsonw_str(w, f->code);
    ra_jsonw_str(w, f->path);
    ra_jsonw_str(w, f->repository);
    ra_jsonw_str(w, f->tag);
    ra_jsonw_str(w, f->digest);
    ra_jsonw_str(w, f->message);
    ra_jsonw_end(w);
}

static void put_tables(struct tables *t)
{
    struct ra_jsonw *w = t->w;
    ra_jsonw_key(w, "blobs");
    ra_jsonw_array(w);
    ra_vec_each (blob, &t->blobs) {
        ra_jsonw_array(w);
        put_digest(w, &blob->digest);
        ra_jsonw_u64(w, blob->bytes);
        put_string(t, blob->media_type);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
    ra_jsonw_key(w, "strings");
    ra_jsonw_array(w);
    for (uint32_t i = 0; i < t->strings.n; i++)
        ra_jsonw_str(w, t->strings.at[i]);
    ra_jsonw_end(w);
}

static const struct {
    const char *table, *names;
} columns[] = {
    {"repositories",
     "name tags revisions bytes unique_bytes shared_bytes untagged_bytes upload_bytes updated"},
    {"tags", "repository tag image updated unique_bytes"},
    {"images", "digest kind media_type bytes manifest_bytes config_bytes created platform platforms layers "
               "history labels manifests referrers"},
    {"blobs", "digest bytes media_type"},
    {"findings", "severity code path repository tag digest message"},
};

static void put_columns(struct ra_jsonw *w)
{
    ra_jsonw_key(w, "columns");
    ra_jsonw_object(w);
    for (size_t i = 0; i < RA_COUNT(columns); i++) {
        ra_jsonw_key(w, columns[i].table);
        ra_jsonw_array(w);
        for (const char *at = columns[i].names; *at;) {
            size_t n = strcspn(at, " ");
            ra_jsonw_strn(w, at, n);
            at += n + strspn(at + n, " ");
        }
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static void put_totals(struct ra_jsonw *w, const struct ra_report *r)
{
    char text[RA_TIME_TEXT];
    ra_jsonw_key_str(w, "made", ra_time_text(r->opts.made, false, text));
    ra_jsonw_key_str(w, "name", r->opts.name);
    ra_jsonw_key_str(w, "storage", r->where);
    ra_jsonw_key_u64(w, "bytes", r->du.bytes);
    ra_jsonw_key_u64(w, "blobs_stored", r->du.blobs);
    ra_jsonw_key_u64(w, "reclaimable_bytes", r->du.reclaimable_bytes);
    ra_jsonw_key_u64(w, "untagged_bytes", r->du.untagged_bytes);
    ra_jsonw_key_u64(w, "young_bytes", r->du.young_bytes);
    ra_jsonw_key_u64(w, "upload_bytes", r->du.upload_bytes);
    ra_jsonw_key_bool(w, "complete", !r->du.overlooked);
    ra_jsonw_key_bool(w, "checked", r->opts.check);
}

void ra_report_json(struct ra_jsonw *w, const struct ra_report *r)
{
    __attribute__((cleanup(tables_release))) struct tables t = {.w = w};
    put_totals(w, r);
    put_columns(w);
    ra_jsonw_key(w, "repositories");
    ra_jsonw_array(w);
    for (size_t i = 0; i < r->repos.n; i++)
        put_repo(w, r, i);
    ra_jsonw_end(w);
    ra_jsonw_key(w, "tags");
    ra_jsonw_array(w);
    ra_vec_each (tag, &r->tags)
        put_tag(w, tag);
    ra_jsonw_end(w);
    ra_jsonw_key(w, "images");
    ra_jsonw_array(w);
    ra_vec_each (image, &r->images)
        put_image(&t, image);
    ra_jsonw_end(w);
    put_tables(&t);
    ra_jsonw_key(w, "findings");
    ra_jsonw_array(w);
    ra_vec_each (finding, &r->findings->list)
        put_finding(w, finding);
    ra_jsonw_end(w);
}
