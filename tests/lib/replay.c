/*
 * The main of a fuzz target outside the fuzzer: hands it each file that is named, and the empty input. A
 * crash is the failure; the line of the file that did it is missing then.
 */
#include "base/auto.h"
#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const char *name, FILE *f)
{
    RA_BUF_AUTO content = {0};
    for (size_t got = f ? 1 : 0; got > 0; content.len += got)
        got = fread(ra_buf_reserve(&content, 65536), 1, 65536, f);
    /* An allocation of exactly that size: one byte too far is seen. */
    ra_auto_free uint8_t *exact = ra_memdup(ra_buf_str(&content), content.len);
    LLVMFuzzerTestOneInput(exact, content.len);
    printf("ok %s\n", name);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    replay("empty", NULL);
    for (int i = 1; i < argc; i++) {
        ra_auto_file FILE *f = fopen(argv[i], "rb");
        if (f)
            replay(argv[i], f);
        else
            printf("FAIL %s: cannot be read\n", argv[i]);
    }
    return 0;
}
