#include "format/yaml.h"
#include <strings.h>
#include <yaml.h>

struct builder {
    struct ra_arena *arena;
    yaml_document_t document;
    size_t nodes;
    struct ra_err *err;
};

static bool among(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

/* YAML has "True" but not "tRUE". */
static bool cased_right(const char *text)
{
    size_t upper = 0, n = strlen(text);
    for (size_t i = 0; i < n; i++)
        upper += text[i] >= 'A' && text[i] <= 'Z';
    return upper == 0 || upper == n || (upper == 1 && *text >= 'A' && *text <= 'Z');
}

static bool is_null(const struct ra_yaml *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    return node->plain && among(node->text, nulls);
}

bool ra_yaml_bool(const struct ra_yaml *node, bool otherwise)
{
    static const char *const words[] = {"n", "y", "no", "yes", "off", "on", "false", "true"};
    if (!node || node->type != RA_YAML_SCALAR || !node->plain || !cased_right(node->text))
        return otherwise;
    for (size_t i = 0; i < RA_COUNT(words); i++)
        if (strcasecmp(node->text, words[i]) == 0)
            return i % 2 != 0;
    return otherwise;
}

const char *ra_yaml_text(const struct ra_yaml *node)
{
    return node && node->type == RA_YAML_SCALAR ? node->text : NULL;
}

struct ra_yaml *ra_yaml_get(const struct ra_yaml *map, const char *key)
{
    if (!map || map->type != RA_YAML_MAP)
        return NULL;
    for (struct ra_yaml *v = map->first; v; v = v->next)
        if (strcmp(v->key, key) == 0)
            return v;
    return NULL;
}

static struct ra_yaml *new_node(struct ra_arena *a)
{
    struct ra_yaml *node = ra_arena_new(a, struct ra_yaml);
    node->text = "";
    return node;
}

static void append(struct ra_yaml *parent, struct ra_yaml *child)
{
    struct ra_yaml **end = &parent->first;
    while (*end)
        end = &(*end)->next;
    *end = child;
}

struct ra_yaml *ra_yaml_make(struct ra_arena *a, struct ra_yaml *map, const char *key)
{
    struct ra_yaml *node = ra_yaml_get(map, key);
    if (node)
        return node;
    node = new_node(a);
    node->key = ra_arena_strdup(a, key);
    append(map, node);
    return node;
}

void ra_yaml_clear(struct ra_yaml *node)
{
    node->type = RA_YAML_MAP;
    node->plain = false;
    node->text = "";
    node->first = NULL;
}

/* --- from libyaml's graph to our tree ----------------------------------------------------------------------- */

static int build(struct builder *b, int id, unsigned depth, struct ra_yaml *out);

static void build_scalar(struct builder *b, const yaml_node_t *from, struct ra_yaml *out)
{
    out->type = RA_YAML_SCALAR;
    out->text = ra_arena_strndup(b->arena, (const char *)from->data.scalar.value, from->data.scalar.length);
    out->plain = from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (is_null(out))
        out->type = RA_YAML_NULL;
}

static int build_list(struct builder *b, const yaml_node_t *from, unsigned depth, struct ra_yaml *out)
{
    struct ra_yaml **end = &out->first;
    out->type = RA_YAML_LIST;
    for (yaml_node_item_t *item = from->data.sequence.items.start; item < from->data.sequence.items.top;
         item++) {
        *end = new_node(b->arena);
        int rc = build(b, *item, depth + 1, *end);
        if (rc != 0)
            return rc;
        end = &(*end)->next;
    }
    return 0;
}

/* Takes the content of `from`, but not its place. */
static void assign(struct ra_yaml *to, const struct ra_yaml *from)
{
    const char *key = to->key;
    struct ra_yaml *next = to->next;
    *to = *from;
    to->key = key;
    to->next = next;
}

/* What the merged maps have and this one has not. An alias was copied before, so the nodes moved are nobody else's. */
static void merge(struct builder *b, struct ra_yaml *into, const struct ra_yaml *from)
{
    if (from->type == RA_YAML_LIST)
        for (struct ra_yaml *v = from->first; v; v = v->next)
            if (v->type == RA_YAML_MAP)
                merge(b, into, v);
    if (from->type != RA_YAML_MAP)
        return;
    for (struct ra_yaml *v = from->first; v; v = v->next)
        if (!ra_yaml_get(into, v->key))
            assign(ra_yaml_make(b->arena, into, v->key), v);
}

static const char *key_of(struct builder *b, int id, bool *is_merge)
{
    const yaml_node_t *key = yaml_document_get_node(&b->document, id);
    if (!key || key->type != YAML_SCALAR_NODE)
        return NULL;
    const char *text = (const char *)key->data.scalar.value;
    *is_merge = key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strcmp(text, "<<") == 0;
    return text;
}

static int build_map(struct builder *b, const yaml_node_t *from, unsigned depth, struct ra_yaml *out)
{
    struct ra_yaml merged = {.type = RA_YAML_LIST};
    out->type = RA_YAML_MAP;
    for (yaml_node_pair_t *pair = from->data.mapping.pairs.start; pair < from->data.mapping.pairs.top;
         pair++) {
        bool is_merge = false;
        const char *key = key_of(b, pair->key, &is_merge);
        if (!key)
            return ra_fail(b->err, RA_CORRUPT, "line %zu: a key that is no plain word",
                           from->start_mark.line + 1);
        struct ra_yaml value = {.text = ""};
        int rc = build(b, pair->value, depth + 1, &value);
        if (rc != 0)
            return rc;
        struct ra_yaml *home = is_merge ? new_node(b->arena) : ra_yaml_make(b->arena, out, key);
        assign(home, &value);
        if (is_merge)
            append(&merged, home);
    }
    for (struct ra_yaml *v = merged.first; v; v = v->next)
        merge(b, out, v);
    return 0;
}

static int build(struct builder *b, int id, unsigned depth, struct ra_yaml *out)
{
    const yaml_node_t *from = yaml_document_get_node(&b->document, id);
    if (!from)
        return 0;
    if (depth > RA_YAML_DEPTH || ++b->nodes > RA_YAML_NODES)
        return ra_fail(b->err, RA_TOOBIG, "line %zu: %s", from->start_mark.line + 1,
                       depth > RA_YAML_DEPTH ? "nested too deeply" : "too many values");
    switch (from->type) {
    case YAML_SCALAR_NODE:
        build_scalar(b, from, out);
        return 0;
    case YAML_SEQUENCE_NODE:
        return build_list(b, from, depth, out);
    case YAML_MAPPING_NODE:
        return build_map(b, from, depth, out);
    default:
        return 0;
    }
}

static int build_document(struct builder *b, struct ra_yaml **out)
{
    *out = new_node(b->arena);
    return yaml_document_get_root_node(&b->document) ? build(b, 1, 1, *out) : 0;
}

static int load(yaml_parser_t *parser, struct builder *b, struct ra_yaml **out)
{
    if (!yaml_parser_load(parser, &b->document))
        return ra_fail(b->err, RA_CORRUPT, "line %zu: %s", parser->problem_mark.line + 1,
                       parser->problem ? parser->problem : "not YAML");
    int rc = build_document(b, out);
    yaml_document_delete(&b->document);
    return rc;
}

int ra_yaml_parse(struct ra_arena *a, const void *bytes, size_t n, struct ra_yaml **out, struct ra_err *err)
{
    if (n > RA_YAML_MAX)
        return ra_fail(err, RA_TOOBIG, "more than %zu bytes of YAML", RA_YAML_MAX);
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return ra_fail_errno(err, ENOMEM, "cannot parse YAML");
    struct builder b = {.arena = a, .err = err};
    yaml_parser_set_input_string(&parser, bytes ? bytes : (const void *)"", n);
    int rc = load(&parser, &b, out);
    yaml_parser_delete(&parser);
    return rc;
}
