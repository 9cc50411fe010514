#include "registry/fields.h"

const char *ra_annotation(const struct ra_annotations *a, const char *key)
{
    for (size_t i = a->n; i-- > 0;)
        if (strcmp(a->at[i].key, key) == 0)
            return a->at[i].value;
    return NULL;
}

void ra_field_text(struct ra_json *j, struct ra_arena *a, const char **out)
{
    struct ra_json_str s;
    if (ra_json_string(j, &s))
        *out = ra_json_text(&s, a);
}

static void push_string(struct ra_json *j, struct ra_arena *a, struct ra_strings *out)
{
    struct ra_json_str s;
    if (ra_json_string(j, &s))
        *ra_arena_push(a, out) = ra_json_text(&s, a);
}

void ra_field_strings(struct ra_json *j, struct ra_arena *a, struct ra_strings *out)
{
    if (!ra_json_open_array(j))
        return;
    out->n = 0;
    while (ra_json_next_element(j))
        push_string(j, a, out);
}

void ra_field_words(struct ra_json *j, struct ra_arena *a, struct ra_strings *out)
{
    if (ra_json_peek(j) != RA_JSON_STRING) {
        ra_field_strings(j, a, out);
        return;
    }
    out->n = 0;
    push_string(j, a, out);
}

void ra_field_keys(struct ra_json *j, struct ra_arena *a, struct ra_strings *out)
{
    struct ra_json_str key;
    if (!ra_json_open_object(j))
        return;
    while (ra_json_next_member(j, &key)) {
        *ra_arena_push(a, out) = ra_json_text(&key, a);
        ra_json_skip(j);
    }
}

void ra_field_pairs(struct ra_json *j, struct ra_arena *a, struct ra_annotations *out)
{
    struct ra_json_str key, value;
    if (!ra_json_open_object(j))
        return;
    while (ra_json_next_member(j, &key))
        if (ra_json_string(j, &value))
            *ra_arena_push(a, out) = (struct ra_annotation){ra_json_text(&key, a), ra_json_text(&value, a)};
}
