/*
 * References as people write them, and the grammar of names.
 * Repository component: [a-z0-9]+ runs joined by '.', '_', '__' or any number of '-'; components joined by
 * '/'; 255 bytes at most. Tag: [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}. (distribution/reference)
 */
#ifndef RA_REGISTRY_REFERENCE_H
#define RA_REGISTRY_REFERENCE_H

#include "format/digest.h"

/* Whether the registry would serve a repository or a tag of that name. */
bool ra_repo_name_valid(const char *name, size_t n);
bool ra_tag_valid(const char *tag, size_t n);

/* What "repo", "repo:tag", "repo@sha256:...", "repo:tag@sha256:..." says. Any part but repo may be absent
 * (NULL). */
struct ra_reference {
    char *repo;   /* owned */
    char *tag;    /* owned, or NULL */
    char *digest; /* owned: the text behind '@', perhaps only a prefix ("sha256:1f2e3d", "1f2e3d"); or NULL */
    bool pattern; /* repo or tag hold '*' or '?' */
};
void ra_reference_release(struct ra_reference *r);

/* USAGE with an explanation when text is no reference. Patterns are accepted in repo and tag. A colon belongs
 * to the host when a '/' follows it ("localhost:5000/a"). Nothing is stripped here: see ra_reference_strip_host. */
int ra_reference_parse(const char *text, struct ra_reference *out, struct ra_err *err);

/* The repository name without a leading "host[:port]/" (a first component with a '.' or ':' in it, or
 * "localhost"), or NULL when there is no host. Lent from name. It may be the wrong one: the rest of a name, and far
 * more of a pattern, can mean other repositories (docker.io/nginx, nginx). So what removes does not use it. */
const char *ra_reference_strip_host(const char *name);

/* Whether an operand that stands for repositories means this one: a pattern, or a name, which also means what lies
 * below it. A host in front belongs to the name: see ra_repo_resolve_below. */
bool ra_repo_matches(const char *operand, const char *repo);

/* A prefix of a digest: "sha256:abc..." or bare hex, at least 6 hex digits. */
bool ra_digest_prefix_valid(const char *text);
bool ra_digest_has_prefix(const struct ra_digest *d, const char *text);

/* Names that stand for digests, made by signers and by referrers' fallback: "sha256-<hex>", with ".sig",
 * ".att",
 * ".sbom" or nothing behind. *subject (may be NULL) gets the digest. */
bool ra_tag_is_digest_like(const char *tag, struct ra_digest *subject);

#endif
