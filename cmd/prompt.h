/* Passwords, typed or piped in. They are never echoed, never longer than the buffer, and wiped with it. */
#ifndef RA_CMD_PROMPT_H
#define RA_CMD_PROMPT_H

#include "base/err.h"
#include "base/mem.h"

struct ra_secret {
    char text[256]; /* as many bytes as Apache's htpasswd takes, with the NUL */
};

static inline void ra_secret_wipe(struct ra_secret *s)
{
    ra_wipe(s, sizeof(*s));
}
#define RA_SECRET_AUTO __attribute__((cleanup(ra_secret_wipe))) struct ra_secret

/* Asks on the terminal, or reads a line from stdin when the process has none. NOTFOUND where that ends
 * before anything is said; TOOBIG, CANCELLED, IO. */
int ra_secret_ask(const char *prompt, struct ra_secret *out, struct ra_err *err);
/* All of stdin, less one line end: what `echo password |` gives. NOTFOUND when there is nothing; TOOBIG, CANCELLED,
 * IO. */
int ra_secret_read(struct ra_secret *out, struct ra_err *err);

#endif
