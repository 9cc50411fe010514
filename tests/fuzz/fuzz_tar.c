/* Any bytes as a tar: what the reader gives never reaches beyond the input, and the map of members agrees with it. */
#include "format/members.h"
#include "format/tar.h"

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
    const uint8_t *p;
    size_t n;
};

static ssize_t take(void *arg, void *p, size_t n, struct ra_err *err RA_UNUSED)
{
    struct bytes *b = arg;
    n = n < b->n ? n : b->n;
    memcpy(p, b->p, n);
    b->p += n;
    b->n -= n;
    return (ssize_t)n;
}

static void read_in_order(const uint8_t *data, size_t size)
{
    struct bytes bytes = {data, size};
    struct ra_tar_source from = {take, NULL, &bytes};
    RA_AUTO_PTR(ra_tar) tar = ra_tar_open(&from);
    struct ra_tar_member m;
    char piece[700];
    uint64_t last = 0;
    while (ra_tar_next(tar, &m, NULL) > 0) {
        assert(m.offset > last && m.offset <= size && strlen(m.name) <= m.name_len);
        last = m.offset;
        ssize_t n, total = 0;
        while ((n = ra_tar_read(tar, piece, sizeof(piece), NULL)) > 0)
            total += n;
        assert(n < 0 || m.kind != RA_TAR_FILE || (uint64_t)total == m.size);
    }
    ra_tar_drain(tar, NULL);
}

static void read_by_name(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"index.json", "manifest.json", "a/b", "./x"};
    RA_AUTO_PTR(ra_members) m = NULL;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0)
        return;
    if (write(fd, data, size) != (ssize_t)size) {
        close(fd);
        return;
    }
    if (ra_members_open_tar(fd, &m, NULL) < 0)
        return;
    for (size_t i = 0; i < RA_COUNT(names); i++) {
        RA_BUF_AUTO text = {0};
        if (ra_members_get(m, names[i], 1 << 20, &text, NULL) == 0)
            assert(text.len <= size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_in_order(data, size);
    read_by_name(data, size);
    return 0;
}
