#include "format/xml.h"

/* Between 0 and an error: what comes next is not there yet. */
#define MORE 2
/* The longest reference, with its '&' and ';'. */
#define REFERENCE_MAX 12

void ra_xml_init(struct ra_xml *x, const char *bytes, size_t n)
{
    *x = (struct ra_xml){.start = bytes, .at = bytes, .end = bytes + n, .text = "", .last = true};
}

void ra_xml_begin(struct ra_xml *x)
{
    ra_xml_init(x, "", 0);
    x->last = false;
}

void ra_xml_feed(struct ra_xml *x, const char *bytes, size_t n)
{
    size_t left = (size_t)(x->end - x->at);
    x->passed += (size_t)(x->at - x->start);
    if (left > 0)
        memmove(x->held.data, x->at, left);
    x->held.len = left;
    ra_buf_add(&x->held, bytes, n);
    x->start = x->at = x->held.data;
    x->end = x->start + x->held.len;
}

void ra_xml_end(struct ra_xml *x)
{
    x->last = true;
}

void ra_xml_release(struct ra_xml *x)
{
    ra_buf_release(&x->buf);
    ra_buf_release(&x->held);
}

static int bad(const struct ra_xml *x, struct ra_err *err, const char *what)
{
    return ra_fail(err, RA_CORRUPT, "malformed XML at byte %zu: %s", x->passed + (size_t)(x->at - x->start),
                   what);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool starts(const struct ra_xml *x, const char *s)
{
    size_t n = strlen(s);
    return (size_t)(x->end - x->at) >= n && memcmp(x->at, s, n) == 0;
}

static size_t skip_space(struct ra_xml *x)
{
    const char *from = x->at;
    while (x->at < x->end && is_space(*x->at))
        x->at++;
    return (size_t)(x->at - from);
}

/* Behind the next occurrence of s; NULL when there is none. */
static const char *find(const struct ra_xml *x, const char *s)
{
    const char *hit = memmem(x->at, (size_t)(x->end - x->at), s, strlen(s));
    return hit ? hit + strlen(s) : NULL;
}

static bool name_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':';
}

/* Reads a name; its length, or 0 when there is none of a length we take. */
static size_t read_name(struct ra_xml *x)
{
    size_t n = 0;
    while (x->at + n < x->end && name_char(x->at[n]))
        n++;
    if (n == 0 || n > RA_XML_NAME || (*x->at >= '0' && *x->at <= '9') || *x->at == '-' || *x->at == '.')
        return 0;
    x->at += n;
    return n;
}

static void add_utf8(struct ra_buf *out, uint32_t c)
{
    char s[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        s[i] = (char)(0x80 | (c & 0x3f));
    s[0] = (char)(lead[n] | c);
    ra_buf_add(out, s, n);
}

static bool xml_char(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xd800) || (c > 0xdfff && c <= 0x10ffff);
}

/* "&#65;" or "&#x41;", from behind the '#' to the ';'. */
static bool char_reference(const char *s, const char *semicolon, uint32_t *out)
{
    unsigned base = *s == 'x' ? 16 : 10;
    uint32_t c = 0;
    if (base == 16)
        s++;
    if (s == semicolon || semicolon - s > 7)
        return false;
    for (; s < semicolon; s++) {
        char lower = (char)(*s | 0x20);
        unsigned digit = *s >= '0' && *s <= '9'         ? (unsigned)(*s - '0')
                         : lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a' + 10)
                                                        : 99;
        if (digit >= base)
            return false;
        c = c * base + digit;
    }
    *out = c;
    return xml_char(c);
}

static const struct {
    const char *name;
    char c;
} entities[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};

static bool entity(const char *name, size_t n, uint32_t *out)
{
    for (size_t i = 0; i < RA_COUNT(entities); i++)
        if (strlen(entities[i].name) == n && memcmp(entities[i].name, name, n) == 0) {
            *out = (uint32_t)entities[i].c;
            return true;
        }
    return false;
}

/* Control characters go as references too: a line end written as it is would be read back as another one. */
void ra_xml_escape(struct ra_buf *out, const char *text)
{
    for (; *text; text++) {
        size_t i = 0;
        while (i < RA_COUNT(entities) && entities[i].c != *text)
            i++;
        if (i < RA_COUNT(entities))
            ra_buf_addf(out, "&%s;", entities[i].name);
        else if ((unsigned char)*text < ' ')
            ra_buf_addf(out, "&#%d;", *text);
        else
            ra_buf_addc(out, *text);
    }
}

static int read_reference(struct ra_xml *x, struct ra_err *err)
{
    size_t left = (size_t)(x->end - x->at);
    const char *semicolon = memchr(x->at, ';', left < REFERENCE_MAX ? left : REFERENCE_MAX);
    uint32_t c;
    if (!semicolon && left < REFERENCE_MAX && !x->last)
        return MORE;
    if (!semicolon)
        return bad(x, err, "an '&' that starts no reference");
    bool ok = x->at[1] == '#' ? char_reference(x->at + 2, semicolon, &c)
                              : entity(x->at + 1, (size_t)(semicolon - x->at - 1), &c);
    if (!ok)
        return bad(x, err, "an unknown reference");
    add_utf8(&x->buf, c);
    x->at = semicolon + 1;
    return 0;
}

/* Text up to the next '<'. Between elements it must be white space, which the caller checks. */
static int read_text(struct ra_xml *x, struct ra_err *err)
{
    while (x->at < x->end && *x->at != '<') {
        const char *from = x->at;
        while (x->at < x->end && *x->at != '<' && *x->at != '&' && xml_char((unsigned char)*x->at))
            x->at++;
        ra_buf_add(&x->buf, from, (size_t)(x->at - from));
        if (x->at == x->end || *x->at == '<')
            return 0;
        if (*x->at != '&')
            return bad(x, err, "a control character");
        int rc = read_reference(x, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static bool all_space(const struct ra_buf *b)
{
    for (size_t i = 0; i < b->len; i++)
        if (!is_space(b->data[i]))
            return false;
    return true;
}

static int skip_attribute(struct ra_xml *x, struct ra_err *err)
{
    if (read_name(x) == 0)
        return bad(x, err, "an attribute without a name");
    skip_space(x);
    if (!starts(x, "="))
        return bad(x, err, "an attribute without a value");
    x->at++;
    skip_space(x);
    if (!starts(x, "\"") && !starts(x, "'"))
        return bad(x, err, "an attribute value without quotes");
    const char *value = x->at + 1;
    const char *end = memchr(value, *x->at, (size_t)(x->end - value));
    if (!end || memchr(value, '<', (size_t)(end - value)))
        return bad(x, err, "an attribute value without an end");
    x->at = end + 1;
    return 0;
}

static int skip_attributes(struct ra_xml *x, struct ra_err *err)
{
    for (;;) {
        size_t blanks = skip_space(x);
        if (starts(x, ">") || starts(x, "/>"))
            return 0;
        if (x->at == x->end)
            return bad(x, err, "it ends inside a tag");
        if (blanks == 0)
            return bad(x, err, "a blank is missing");
        int rc = skip_attribute(x, err);
        if (rc < 0)
            return rc;
    }
}

static int open_element(struct ra_xml *x, struct ra_err *err)
{
    x->at++;
    const char *name = x->at;
    size_t n = read_name(x);
    if (n == 0)
        return bad(x, err, "a tag without a name");
    if (x->depth == RA_XML_DEPTH)
        return bad(x, err, "elements nested too deep");
    if (x->depth++)
        x->path[x->path_len++] = '/';
    memcpy(x->path + x->path_len, name, n);
    x->path_len += n;
    x->path[x->path_len] = '\0';
    x->begun = x->leaf = true;
    ra_buf_clear(&x->buf);
    int rc = skip_attributes(x, err);
    if (rc < 0)
        return rc;
    x->self_done = *x->at == '/';
    x->at += x->self_done ? 2 : 1;
    return 0;
}

/* The name of the open element, which ends the path. */
static const char *open_name(const struct ra_xml *x)
{
    const char *slash = memrchr(x->path, '/', x->path_len);
    return slash ? slash + 1 : x->path;
}

static int end_element(struct ra_xml *x)
{
    if (!x->leaf)
        ra_buf_clear(&x->buf);
    x->text = ra_buf_str(&x->buf);
    x->ended = true;
    return 1;
}

static int close_element(struct ra_xml *x, struct ra_err *err)
{
    x->at += 2;
    const char *name = x->at;
    size_t n = read_name(x);
    if (x->depth == 0 || n != strlen(open_name(x)) || memcmp(name, open_name(x), n) != 0)
        return bad(x, err, "an end tag that fits no start tag");
    skip_space(x);
    if (!starts(x, ">"))
        return bad(x, err, "an end tag without an end");
    x->at++;
    return end_element(x);
}

/* Takes the element that ended with the last call off the path. */
static void leave_element(struct ra_xml *x)
{
    const char *name = open_name(x);
    x->path_len = name == x->path ? 0 : (size_t)(name - x->path) - 1;
    x->path[x->path_len] = '\0';
    x->depth--;
    x->ended = x->leaf = false;
    ra_buf_clear(&x->buf);
}

/* Behind the '>' that ends a start tag: those in the values of attributes do not. */
static const char *find_tag_end(const struct ra_xml *x)
{
    char quote = '\0';
    for (const char *c = x->at; c < x->end; c++) {
        if (quote)
            quote = *c == quote ? '\0' : quote;
        else if (*c == '"' || *c == '\'')
            quote = *c;
        else if (*c == '>')
            return c + 1;
    }
    return NULL;
}

/* Behind the markup that begins here, or behind enough of it to see that it is none; NULL: that is not there yet. */
static const char *find_markup_end(const struct ra_xml *x)
{
    bool tellable = (size_t)(x->end - x->at) >= strlen("<?xml ");
    if (tellable && starts(x, "<!--"))
        return find(x, "-->");
    if (tellable && starts(x, "<?xml "))
        return find(x, "?>");
    bool quotes = tellable && !starts(x, "</") && !starts(x, "<!") && !starts(x, "<?");
    return quotes ? find_tag_end(x) : find(x, ">");
}

static int skip_to(struct ra_xml *x, const char *end)
{
    x->at = end;
    return 0;
}

static int read_markup(struct ra_xml *x, struct ra_err *err)
{
    const char *end = find_markup_end(x);
    if ((size_t)((end ? end : x->end) - x->at) > RA_XML_TAG)
        return bad(x, err, "a tag that is too long");
    if (!end && !x->last)
        return MORE;
    if (starts(x, "<!--"))
        return end ? skip_to(x, end) : bad(x, err, "it ends inside a comment");
    if (starts(x, "<?xml ") && !x->begun)
        return end ? skip_to(x, end) : bad(x, err, "it ends inside the declaration");
    if (starts(x, "</"))
        return close_element(x, err);
    if (x->depth == 0 && x->begun)
        return bad(x, err, "it goes on after its end");
    if (x->depth > 0 && !all_space(&x->buf))
        return bad(x, err, "text beside elements");
    return open_element(x, err);
}

int ra_xml_next(struct ra_xml *x, struct ra_err *err)
{
    if (x->ended)
        leave_element(x);
    int rc = 0;
    while (rc == 0 && x->at < x->end && !x->self_done) {
        rc = read_text(x, err);
        if (rc == 0 && !x->leaf && !all_space(&x->buf))
            rc = bad(x, err, "text beside elements");
        if (rc == 0 && x->at < x->end)
            rc = read_markup(x, err);
    }
    if (rc == 0 && x->self_done) {
        x->self_done = false;
        return end_element(x);
    }
    if (rc == 0 && x->last && (x->depth > 0 || !x->begun))
        return bad(x, err, "it ends too early");
    return rc == MORE ? 0 : rc;
}
