/*
 * mktree ROOT [REPOS]: writes what a registry would have after a long life of pushes, for benchmarks: 400
 * repositories of 40 tags, three pushes behind each; a fifth of the tags are indexes of three platforms; images have
 * eight layers, of which six come from one of 40 bases; a sixth of the blobs is garbage. Nothing is flushed, since
 * nothing here must survive. The same arguments write the same tree. Counts go to standard output.
 */
#include "base/buf.h"
#include "base/num.h"
#include "format/digest.h"
#include "registry/layout.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { TAGS = 40, PUSHES = 3, LAYERS = 8, BASE_LAYERS = 6, PLATFORMS = 3, BASES = 40 };

struct blob {
    struct ra_digest digest;
    size_t size;
};

static int root_fd;
static uint64_t seed = 1;
static struct {
    uint64_t tags, revisions, blobs, bytes;
} made;
static struct blob bases[BASES][BASE_LAYERS];

static uint64_t next_random(void) /* xorshift64* */
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * 0x2545f4914f6cdd1d;
}

static void must(bool fine, const char *what)
{
    if (fine)
        return;
    perror(what);
    exit(1);
}

static int open_with_folders(const char *key)
{
    int fd = openat(root_fd, key, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd >= 0)
        return fd;
    ra_auto_free char *part = ra_strdup(key);
    for (char *slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        must(mkdirat(root_fd, part, 0755) == 0 || errno == EEXIST, part);
        *slash = '/';
    }
    return openat(root_fd, key, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

static void put(const char *key, const void *p, size_t n)
{
    int fd = open_with_folders(key);
    must(fd >= 0 && write(fd, p, n) == (ssize_t)n && close(fd) == 0, key);
}

static struct blob put_blob(const void *p, size_t n)
{
    struct ra_key key;
    struct blob b = {.size = n};
    ra_digest_of(RA_SHA256, p, n, &b.digest);
    put(ra_key_blob(&key, &b.digest), p, n);
    made.blobs++;
    made.bytes += n;
    return b;
}

static void put_link(const char *key, const struct ra_digest *d)
{
    char text[RA_DIGEST_TEXT];
    ra_digest_text(d, text);
    put(key, text, strlen(text));
}

static struct blob put_layer(void)
{
    uint64_t content[128];
    size_t words = 4 + next_random() % (RA_COUNT(content) - 4);
    for (size_t i = 0; i < words; i++)
        content[i] = next_random();
    return put_blob(content, words * sizeof(*content));
}

static void describe(struct ra_buf *out, const char *type, const struct blob *b, const char *more)
{
    char text[RA_DIGEST_TEXT];
    ra_buf_addf(out, "{\"mediaType\":\"application/vnd.oci.image.%s\",\"digest\":\"%s\",\"size\":%zu%s}",
                type, ra_digest_text(&b->digest, text), b->size, more);
}

static struct blob put_config(unsigned nonce, const char *arch)
{
    RA_BUF_AUTO json = {0};
    ra_buf_addf(&json,
                "{\"architecture\":\"%s\",\"os\":\"linux\",\"created\":\"20%02u-0%u-1%uT00:00:00Z\","
                "\"config\":{\"Env\":[\"PATH=/bin\"],\"Cmd\":[\"/bin/sh\"]},\"history\":[",
                arch, 10 + nonce % 15, 1 + nonce % 9, nonce % 10);
    for (int i = 0; i < LAYERS; i++)
        ra_buf_addf(&json, "%s{\"created_by\":\"step %d of %u\"}", i ? "," : "", i, nonce);
    ra_buf_adds(&json, "],\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");
    return put_blob(json.data, json.len);
}

static struct blob put_revision(const char *repo, const struct ra_buf *manifest)
{
    struct ra_key key;
    struct blob b = put_blob(manifest->data, manifest->len);
    put_link(ra_key_revision(&key, repo, &b.digest), &b.digest);
    made.revisions++;
    return b;
}

static struct blob put_image(const char *repo, const struct blob *base, const char *arch, unsigned nonce)
{
    struct ra_key key;
    RA_BUF_AUTO json = {0};
    struct blob config = put_config(nonce, arch);
    put_link(ra_key_layer(&key, repo, &config.digest), &config.digest);
    ra_buf_adds(
        &json,
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":");
    describe(&json, "config.v1+json", &config, "");
    for (int i = 0; i < LAYERS; i++) {
        struct blob layer = i < BASE_LAYERS ? base[i] : put_layer();
        ra_buf_adds(&json, i ? "," : ",\"layers\":[");
        describe(&json, "layer.v1.tar+gzip", &layer, "");
        put_link(ra_key_layer(&key, repo, &layer.digest), &layer.digest);
    }
    ra_buf_adds(&json, "]}");
    return put_revision(repo, &json);
}

static struct blob put_index(const char *repo, const struct blob *base, unsigned nonce)
{
    static const char *const arches[PLATFORMS] = {"amd64", "arm64", "s390x"};
    RA_BUF_AUTO json = {0};
    ra_buf_adds(
        &json,
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[");
    for (int i = 0; i < PLATFORMS; i++) {
        struct blob child = put_image(repo, base, arches[i], nonce);
        ra_auto_free char *platform =
            ra_asprintf(",\"platform\":{\"architecture\":\"%s\",\"os\":\"linux\"}", arches[i]);
        ra_buf_adds(&json, i ? "," : "");
        describe(&json, "manifest.v1+json", &child, platform);
    }
    ra_buf_adds(&json, "]}");
    return put_revision(repo, &json);
}

static void put_repository(unsigned number)
{
    struct ra_key key;
    ra_auto_free char *repo = number % 3 == 0 ? ra_asprintf("app%u", number)
                              : number % 3 == 1
                                  ? ra_asprintf("team%u/app%u", number % 17, number)
                                  : ra_asprintf("org%u/team%u/svc-%u", number % 5, number % 17, number);
    const struct blob *base = bases[number % BASES];
    for (unsigned k = 0; k < TAGS; k++) {
        ra_auto_free char *tag = k ? ra_asprintf("v%u.%u.%u", k, number % 7, k % 5) : ra_strdup("latest");
        struct blob last;
        for (unsigned push = 0; push < PUSHES; push++) {
            unsigned nonce = (number * TAGS + k) * PUSHES + push;
            last = k % 5 == 4 ? put_index(repo, base, nonce) : put_image(repo, base, "amd64", nonce);
            put_link(ra_key_tag_history(&key, repo, tag, &last.digest), &last.digest);
        }
        put_link(ra_key_tag_current(&key, repo, tag), &last.digest);
        made.tags++;
    }
}

int main(int argc, char **argv)
{
    uint64_t repos = 400;
    if (argc < 2 || argc > 3 || (argc == 3 && !ra_parse_u64(argv[2], &repos)))
        return fputs("usage: mktree ROOT [REPOS]\n", stderr), 2;
    must(mkdir(argv[1], 0755) == 0, argv[1]);
    root_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(root_fd >= 0, argv[1]);
    for (int b = 0; b < BASES; b++)
        for (int i = 0; i < BASE_LAYERS; i++)
            bases[b][i] = put_layer();
    for (unsigned r = 0; r < repos; r++)
        put_repository(r);
    for (uint64_t garbage = made.blobs / 5; garbage > 0; garbage--)
        put_layer();
    printf("%llu repositories, %llu tags, %llu revisions, %llu blobs, %llu bytes\n",
           (unsigned long long)repos, (unsigned long long)made.tags, (unsigned long long)made.revisions,
           (unsigned long long)made.blobs, (unsigned long long)made.bytes);
    return 0;
}
