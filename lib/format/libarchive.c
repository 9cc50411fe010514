#include "format/libarchive.h"

#include <dlfcn.h>

struct loaded {
    struct ra_libarchive functions;
    bool good;
    char why[256];
};

#ifdef RA_STATIC
static bool load(struct loaded *l)
{
#define TAKE(name) l->functions.name = archive_##name;
    RA_LIBARCHIVE_FUNCTIONS(TAKE)
#undef TAKE
    return true;
}
#else
static bool load(struct loaded *l)
{
    void *library = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
    bool good = library != NULL;
#define TAKE(name) \
    good = good && (l->functions.name = (__typeof__(l->functions.name))dlsym(library, "archive_" #name));
    RA_LIBARCHIVE_FUNCTIONS(TAKE)
#undef TAKE
    const char *why = good ? NULL : dlerror();
    snprintf(l->why, sizeof(l->why), "%s", why ? why : "unknown reason");
    return good;
}
#endif

static struct loaded *loaded(void)
{
    static struct loaded l;
    return &l;
}

static void load_once(void)
{
    loaded()->good = load(loaded());
    loaded()->functions.utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

const struct ra_libarchive *ra_libarchive_load(struct ra_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_once);
    const struct loaded *l = loaded();
    if (l->good)
        return &l->functions;
    ra_fail(err, RA_UNSUPPORTED,
            "the files in a layer need the library libarchive, which cannot be loaded: %s", l->why);
    ra_hint(err, -RA_UNSUPPORTED,
            "install it: the package is libarchive13 in Debian and Ubuntu (libarchive13t64 in recent ones)");
    return NULL;
}
