/*
 * The one place that spells and parses keys of the docker/registry/v2 tree. The tree, path by path:
 *
 *   docker/registry/v2/
 *     blobs/<alg>/<hh>/<hex>/data                      a blob's bytes; <hh>: the first two digits of <hex>
 *     repositories/<name>/                             <name> may hold slashes; repositories nest
 *       _layers/<alg>/<hex>/link                       a layer link: layers and configs that may be used here
 *       _manifests/revisions/<alg>/<hex>/link          a revision link: a manifest of this repository
 *       _manifests/tags/<tag>/current/link             what the tag points to
 *       _manifests/tags/<tag>/index/<alg>/<hex>/link   every digest the tag ever pointed to: its history
 *       _uploads/<id>/{data,startedat,hashstates/...}  an upload that has not ended
 *     .regadm/                                         ours: quarantine
 *
 * Old registries left more (signatures below revisions, _layers/tarsum): parsed as RA_KEY_FOREIGN, and kept.
 * (Distribution 2.1 to 3.1, registry/storage/paths.go describes the same.)
 */
#ifndef RA_REGISTRY_LAYOUT_H
#define RA_REGISTRY_LAYOUT_H

#include "format/digest.h"

#define RA_V2           "docker/registry/v2/"
#define RA_BLOBS        RA_V2 "blobs/"
#define RA_REPOSITORIES RA_V2 "repositories/"
#define RA_OURS         RA_V2 ".regadm/"
/* Beside docker/, so that a run which changes nothing leaves no trace below it. */
#define RA_LOCK_KEY   ".regadm/lock"
#define RA_QUARANTINE RA_OURS "quarantine/"
/* GitLab's registry writes this object when a database, not the tree, is the truth. */
#define RA_DATABASE_LOCKFILE "docker/registry/lockfiles/database-in-use"

/* Longest repository name that is looked at; longer folders are reported. (The registry itself allows 255.) */
#define RA_REPO_NAME_MAX 3072
#define RA_TAG_MAX       128
/* Longest tag folder or upload id that is looked at: a file name's limit. */
#define RA_NAME_MAX 255
#define RA_KEY_MAX  4096

/* A key under construction: RA_KEY_MAX bytes are enough for every builder below, given names within their
 * limits. */
struct ra_key {
    char s[RA_KEY_MAX];
};

/* Each fills *k and returns k->s. `repo`, `tag` and `id` are at most as long as the limits above (asserted). */
const char *ra_key_blob(struct ra_key *k, const struct ra_digest *d);        /* .../data */
const char *ra_key_blob_folder(struct ra_key *k, const struct ra_digest *d); /* .../<hex>/, a prefix */
const char *ra_key_quarantine(struct ra_key *k,
                              const struct ra_digest *d); /* where fsck moves a corrupt one */
const char *ra_key_blob_shard(struct ra_key *k, enum ra_alg alg, unsigned first_byte); /* blobs/<alg>/<hh>/ */
const char *ra_key_repo(struct ra_key *k, const char *repo);      /* the prefix repositories/<name>/ */
const char *ra_key_manifests(struct ra_key *k, const char *repo); /* .../_manifests/ */
const char *ra_key_layers(struct ra_key *k, const char *repo);    /* .../_layers/ */
const char *ra_key_layers_of(struct ra_key *k, const char *repo, enum ra_alg alg); /* .../_layers/<alg>/ */
const char *ra_key_layer(struct ra_key *k, const char *repo, const struct ra_digest *d); /* .../link */
const char *ra_key_revisions(struct ra_key *k, const char *repo); /* .../_manifests/revisions/ */
const char *ra_key_revisions_of(struct ra_key *k, const char *repo, enum ra_alg alg);
const char *ra_key_revision(struct ra_key *k, const char *repo, const struct ra_digest *d); /* .../link */
const char *ra_key_revision_folder(struct ra_key *k, const char *repo,
                                   const struct ra_digest *d);               /* a prefix */
const char *ra_key_tags(struct ra_key *k, const char *repo);                 /* .../_manifests/tags/ */
const char *ra_key_tag(struct ra_key *k, const char *repo, const char *tag); /* .../tags/<tag>/, a prefix */
const char *ra_key_tag_current(struct ra_key *k, const char *repo, const char *tag); /* .../current/link */
const char *ra_key_tag_index(struct ra_key *k, const char *repo, const char *tag); /* .../index/, a prefix */
const char *ra_key_tag_history(struct ra_key *k, const char *repo, const char *tag,
                               const struct ra_digest *d);
const char *ra_key_uploads(struct ra_key *k, const char *repo);                /* .../_uploads/ */
const char *ra_key_upload(struct ra_key *k, const char *repo, const char *id); /* a prefix */
const char *ra_key_upload_startedat(struct ra_key *k, const char *repo, const char *id);

enum ra_key_kind {
    RA_KEY_FOREIGN, /* nothing the registry knows */
    RA_KEY_BLOB,    /* digest */
    RA_KEY_LAYER,   /* repo, digest */
    RA_KEY_REVISION,
    RA_KEY_TAG_CURRENT, /* repo, tag */
    RA_KEY_TAG_HISTORY, /* repo, tag, digest */
    RA_KEY_UPLOAD,      /* repo, id: anything below _uploads/<id>/ */
    RA_KEY_OURS,        /* below .regadm/ */
};

struct ra_key_parts {
    enum ra_key_kind kind;
    struct ra_digest digest;
    const char *repo; /* with its length, lent from the key: not NUL-terminated */
    size_t repo_len;
    const char *name; /* the tag, or the upload's id */
    size_t name_len;
};

/* What a whole key means. A key that nearly is one (wrong fan-out folder, upper-case hex, unknown algorithm)
 * is RA_KEY_FOREIGN. Whether repository and tag names are legal is not judged here. */
void ra_key_parse(const char *key, struct ra_key_parts *out);

/* A leftover of the registry's atomic writes: "<link|data|startedat>.<uuid>.tmp" (3.1 and later). `name` is
 * the last component. */
bool ra_key_is_leftover(const char *name);

/* Links: the content is the digest text and nothing else, no newline (a reader of the registry accepts no
 * other). */
#define RA_LINK_MAX 256
bool ra_link_parse(const char *bytes, size_t n, struct ra_digest *out);

#endif
