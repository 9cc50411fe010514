/* An htpasswd file from outside: its lines, its hashes, and what editing makes of it. */
#include "format/htpasswd.h"
#include "format/passhash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    size_t bytes, records, hits;
    bool broken;
};

static struct seen look(const char *text, size_t size, const char *user)
{
    struct seen seen = {0};
    struct ra_htline line = {0};
    for (size_t at = 0; ra_htline_next(text, size, &at, &line);) {
        seen.bytes += line.n;
        seen.records += line.kind == RA_HTLINE_RECORD;
        seen.hits += ra_htline_is(&line, user);
        seen.broken |= line.kind == RA_HTLINE_BROKEN;
        if (line.kind == RA_HTLINE_RECORD)
            ra_passhash_inspect(line.hash, line.hash_n);
    }
    return seen;
}

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* Whoever was in the file is there once more or no more, and everybody else is still there. */
static void edit(const char *text, size_t size, const char *hash)
{
    struct ra_htchange change = {.user = "bob", .hash = hash};
    RA_BUF_AUTO out = {.limit = size + 1000000};
    struct seen before = look(text, size, "bob");
    int rc = ra_htpasswd_edit(text, size, &change, 1, &out, NULL);
    expect((rc < 0) == before.broken);
    if (rc < 0)
        return;
    struct seen after = look(ra_buf_str(&out), out.len, "bob");
    size_t others = before.records - before.hits;
    expect(!after.broken && change.matched == before.hits && after.records - after.hits == others);
    expect(after.hits == (!hash ? 0 : before.hits ? before.hits : 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size > 0 ? (const char *)data : "";
    if (size > 65536)
        return 0;
    expect(look(text, size, "bob").bytes == size);
    edit(text, size, "$2y$10$hash");
    edit(text, size, NULL);
    ra_passhash_inspect(text, size);
    return 0;
}
