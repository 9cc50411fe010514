/*
 * Members of JSON objects into strings and lists that live in an arena: what the readers of manifests and
 * image configs share. Each function consumes the next value of j; one of another type is skipped and leaves
 * *out as it was.
 */
#ifndef RA_REGISTRY_FIELDS_H
#define RA_REGISTRY_FIELDS_H

#include "base/arena.h"
#include "format/json.h"

struct ra_annotation {
    const char *key, *value;
};
struct ra_annotations {
    struct ra_annotation *at; /* in document order; of duplicate keys the last counts */
    size_t n, cap;
};
/* The value, or NULL. Keys are case-sensitive. */
const char *ra_annotation(const struct ra_annotations *a, const char *key);

void ra_field_text(struct ra_json *j, struct ra_arena *a, const char **out);
/* An array of strings replaces what *out held; elements that are no strings are left out. */
void ra_field_strings(struct ra_json *j, struct ra_arena *a, struct ra_strings *out);
/* The same; a bare string counts as an array of one. */
void ra_field_words(struct ra_json *j, struct ra_arena *a, struct ra_strings *out);
/* The keys of an object are appended. */
void ra_field_keys(struct ra_json *j, struct ra_arena *a, struct ra_strings *out);
/* An object of strings is appended (Go fills the map that is there); members that are no strings are left
 * out. */
void ra_field_pairs(struct ra_json *j, struct ra_arena *a, struct ra_annotations *out);

#endif
