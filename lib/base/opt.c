#include "base/opt.h"

#include "base/num.h"

static void *field(const struct ra_opt *opt, void *values)
{
    return (char *)values + opt->offset;
}

bool ra_opt_has_value(const struct ra_opt *opt)
{
    return opt->type != RA_OPT_FLAG && opt->type != RA_OPT_OFF && opt->type != RA_OPT_COUNT &&
           opt->type != RA_OPT_PICK;
}

void ra_opt_release(const struct ra_opt *opts, void *values)
{
    for (const struct ra_opt *o = opts; o && o->name; o++)
        if (o->type == RA_OPT_LIST)
            ra_strlist_release(field(o, values));
}

const struct ra_opt *ra_opt_find(const struct ra_opt_group *groups, size_t n_groups, const char *name)
{
    for (size_t g = 0; g < n_groups; g++)
        for (const struct ra_opt *o = groups[g].opts; o && o->name; o++)
            if (ra_streq(o->name, name))
                return o;
    return NULL;
}

struct match {
    const struct ra_opt *opt;
    void *values;
};

static struct match match_long(const struct ra_opt_group *groups, size_t n, const char *name, size_t len)
{
    for (size_t g = 0; g < n; g++)
        for (const struct ra_opt *o = groups[g].opts; o && o->name; o++)
            if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
                return (struct match){o, groups[g].values};
    return (struct match){0};
}

static struct match match_letter(const struct ra_opt_group *groups, size_t n, char letter)
{
    for (size_t g = 0; g < n; g++)
        for (const struct ra_opt *o = groups[g].opts; o && o->name; o++)
            if (o->letter == letter)
                return (struct match){o, groups[g].values};
    return (struct match){0};
}

static int unknown_long(const struct ra_opt_group *groups, size_t n, const char *name, size_t len,
                        struct ra_err *err)
{
    ra_auto_free char *given = ra_strndup(name, len);
    const char *best = NULL;
    unsigned least = 3;
    for (size_t g = 0; g < n; g++)
        for (const struct ra_opt *o = groups[g].opts; o && o->name; o++) {
            unsigned far = ra_edit_distance(given, o->name);
            bool begun = len >= 3 && ra_starts_with(o->name, given);
            if (!(o->flags & RA_OPT_HIDDEN) && (far < least || (begun && !best))) {
                best = o->name;
                least = far < least ? far : least;
            }
        }
    int rc = ra_fail(err, RA_USAGE, "unknown option '--%s'", given);
    return best ? ra_hint(err, rc, "did you mean '--%s'?", best) : rc;
}

static int set_enum(const struct ra_opt *opt, int *out, const char *text, struct ra_err *err)
{
    RA_BUF_AUTO list = {0};
    for (int i = 0; opt->choices[i]; i++) {
        if (ra_streq(opt->choices[i], text)) {
            *out = i;
            return 0;
        }
        ra_buf_addf(&list, "%s%s", i ? ", " : "", opt->choices[i]);
    }
    return ra_fail(err, RA_USAGE, "'%s' is no choice for '--%s': use one of %s", text, opt->name,
                   ra_buf_str(&list));
}

static int set_uint(const struct ra_opt *opt, uint64_t *out, const char *text, struct ra_err *err)
{
    uint64_t value;
    if (!ra_parse_u64(text, &value))
        return ra_fail(err, RA_USAGE, "'--%s' needs a whole number, not '%s'", opt->name, text);
    if (value < opt->min || (opt->max && value > opt->max))
        return ra_fail(err, RA_USAGE, "'--%s' takes a number from %llu to %llu, not %s", opt->name,
                       (unsigned long long)opt->min, (unsigned long long)opt->max, text);
    *out = value;
    return 0;
}

static int set(const struct ra_opt *opt, void *values, const char *text, struct ra_err *err)
{
    void *at = field(opt, values);
    int rc = 0;
    switch (opt->type) {
    case RA_OPT_FLAG:
        *(bool *)at = true;
        return 0;
    case RA_OPT_OFF:
        *(bool *)at = false;
        return 0;
    case RA_OPT_COUNT:
        ++*(unsigned *)at;
        return 0;
    case RA_OPT_PICK:
        *(int *)at = (int)opt->min;
        return 0;
    case RA_OPT_STR:
        *(const char **)at = text;
        return 0;
    case RA_OPT_LIST:
        ra_strlist_add(at, text);
        return 0;
    case RA_OPT_ENUM:
        return set_enum(opt, at, text, err);
    case RA_OPT_UINT:
        return set_uint(opt, at, text, err);
    case RA_OPT_SIZE:
        rc = ra_parse_size(text, at, err);
        break;
    case RA_OPT_AGE:
        rc = ra_parse_age(text, at, err);
        break;
    case RA_OPT_PERCENT:
        rc = ra_parse_percent(text, at, err);
        break;
    }
    if (rc < 0)
        return ra_fail(err, RA_USAGE, "'--%s': %s", opt->name, ra_err_text(err));
    return 0;
}

struct cursor {
    int at, argc;
    char *const *argv;
};

static int parse_long(const struct ra_opt_group *groups, size_t n, struct cursor *c, struct ra_err *err)
{
    const char *name = c->argv[c->at] + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] ? name + len + 1 : NULL;
    struct match m = match_long(groups, n, name, len);
    if (!m.opt)
        return unknown_long(groups, n, name, len, err);
    if (!ra_opt_has_value(m.opt) && value)
        return ra_fail(err, RA_USAGE, "'--%s' takes no value", m.opt->name);
    if (ra_opt_has_value(m.opt) && !value) {
        if (m.opt->flags & RA_OPT_OPTIONAL)
            value = "";
        else if (c->at + 1 >= c->argc)
            return ra_fail(err, RA_USAGE, "'--%s' needs a value: --%s %s", m.opt->name, m.opt->name,
                           m.opt->arg);
        else
            value = c->argv[++c->at];
    }
    return set(m.opt, m.values, value, err);
}

static int unknown_letter(char letter, const char *arg, struct ra_err *err)
{
    if (!arg[2])
        return ra_fail(err, RA_USAGE, "unknown option '%s'", arg);
    return ra_fail(err, RA_USAGE, "unknown option '-%c' in '%s'", letter, arg);
}

static int parse_letters(const struct ra_opt_group *groups, size_t n, struct cursor *c, struct ra_err *err)
{
    for (const char *p = c->argv[c->at] + 1; *p; p++) {
        struct match m = match_letter(groups, n, *p);
        if (!m.opt)
            return unknown_letter(*p, c->argv[c->at], err);
        if (!ra_opt_has_value(m.opt)) {
            int rc = set(m.opt, m.values, NULL, err);
            if (rc < 0)
                return rc;
            continue;
        }
        const char *value = p[1] ? p + 1 + (p[1] == '=') : c->at + 1 < c->argc ? c->argv[++c->at] : NULL;
        if (!value)
            return ra_fail(err, RA_USAGE, "'-%c' needs a value: -%c %s", *p, *p, m.opt->arg);
        return set(m.opt, m.values, value, err);
    }
    return 0;
}

int ra_opt_parse(const struct ra_opt_group *groups, size_t n_groups, int argc, char *const *argv,
                 bool stop_at_operand, struct ra_strlist *operands, struct ra_err *err)
{
    struct cursor c = {.argc = argc, .argv = argv};
    bool only_operands = false;
    for (; c.at < argc; c.at++) {
        const char *arg = argv[c.at];
        int rc = 0;
        if (only_operands || arg[0] != '-' || !arg[1]) {
            if (stop_at_operand)
                return c.at;
            ra_strlist_add(operands, arg);
        } else if (ra_streq(arg, "--")) {
            only_operands = true;
        } else {
            rc = arg[1] == '-' ? parse_long(groups, n_groups, &c, err)
                               : parse_letters(groups, n_groups, &c, err);
        }
        if (rc < 0)
            return rc;
    }
    return c.at;
}

static const char *check_row(const struct ra_opt *o)
{
    if (!o->help || !*o->help)
        return "an option has no help";
    if (ra_opt_has_value(o) && !o->arg)
        return "an option with a value has no word for it";
    if (o->type == RA_OPT_ENUM && !o->choices)
        return "an option of choices has none";
    return NULL;
}

const char *ra_opt_check(const struct ra_opt_group *groups, size_t n_groups)
{
    for (size_t g = 0; g < n_groups; g++)
        for (const struct ra_opt *o = groups[g].opts; o && o->name; o++) {
            const char *wrong = check_row(o);
            if (wrong)
                return wrong;
            if (match_long(groups, n_groups, o->name, strlen(o->name)).opt != o)
                return "two options have the same name";
            if (o->letter && match_letter(groups, n_groups, o->letter).opt != o)
                return "two options have the same letter";
        }
    return NULL;
}

void ra_wrap_text(struct ra_buf *out, const char *text, unsigned at, unsigned indent, unsigned width)
{
    unsigned column = at;
    bool first = true;
    while (*text) {
        if (*text == '\n') {
            ra_buf_addf(out, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
            text++;
            continue;
        }
        size_t len = strcspn(text, " \n");
        if (!first && column + 1 + len > width) {
            ra_buf_addf(out, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
        }
        if (!first) {
            ra_buf_addc(out, ' ');
            column++;
        }
        ra_buf_add(out, text, len);
        column += (unsigned)len;
        first = false;
        text += len;
        text += strspn(text, " ");
    }
}

static void option_head(struct ra_buf *out, const struct ra_opt *o)
{
    if (o->letter)
        ra_buf_addf(out, "  -%c, --%s", o->letter, o->name);
    else
        ra_buf_addf(out, "      --%s", o->name);
    if (!ra_opt_has_value(o))
        return;
    if (o->flags & RA_OPT_OPTIONAL)
        ra_buf_addf(out, "[=%s]", o->arg);
    else
        ra_buf_addf(out, " %s", o->arg);
}

void ra_opt_help(struct ra_buf *out, const struct ra_opt *opts, unsigned width)
{
    enum { COLUMN = 28 };
    for (const struct ra_opt *o = opts; o && o->name; o++) {
        if (o->flags & RA_OPT_HIDDEN)
            continue;
        size_t start = out->len;
        option_head(out, o);
        size_t used = out->len - start;
        if (used + 2 > COLUMN)
            ra_buf_addf(out, "\n%*s", COLUMN, "");
        else
            ra_buf_addf(out, "%*s", (int)(COLUMN - used), "");
        ra_wrap_text(out, o->help, COLUMN, COLUMN, width);
        ra_buf_addc(out, '\n');
    }
}
