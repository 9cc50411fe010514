#include "prompt.h"

#include "base/pool.h"

#include <fcntl.h>
#include <termios.h>

static int too_long(struct ra_err *err)
{
    return ra_fail(err, RA_TOOBIG, "password too long (>%zu)", sizeof(((struct ra_secret *)0)->text));
}

/* One byte, 0 at the end. */
static int next_byte(int fd, char *byte, struct ra_err *err)
{
    int rc = ra_wait_readable(fd, err);
    if (rc < 0)
        return rc;
    ssize_t n = read(fd, byte, 1);
    return n < 0 ? ra_fail_sys(err, "cannot read the password") : (int)n;
}

/* Up to a line end, or up to the end of the file. 0 where that comes before anything else, else 1. */
static int read_secret(int fd, bool one_line, struct ra_secret *out, struct ra_err *err)
{
    size_t n = 0;
    int rc;
    char byte;
    ra_secret_wipe(out);
    while ((rc = next_byte(fd, &byte, err)) > 0 && !(one_line && byte == '\n')) {
        if (n + 1 == sizeof(out->text))
            return too_long(err);
        if (byte == '\0')
            return ra_fail(err, RA_INVALID, "the password is not text");
        out->text[n++] = byte;
    }
    return rc < 0 ? rc : n > 0 || rc > 0;
}

static int nothing_read(struct ra_err *err)
{
    return ra_fail(err, RA_NOTFOUND, "standard input ended before a password");
}

int ra_secret_read(struct ra_secret *out, struct ra_err *err)
{
    int rc = read_secret(STDIN_FILENO, false, out, err);
    size_t n = strlen(out->text);
    if (n > 0 && out->text[n - 1] == '\n')
        out->text[--n] = '\0';
    if (n > 0 && out->text[n - 1] == '\r')
        out->text[--n] = '\0';
    return rc == 0 ? nothing_read(err) : rc < 0 ? rc : 0;
}

static void say(int fd, const char *text)
{
    ssize_t unseen = write(fd, text, strlen(text));
    (void)unseen;
}

static int ask_terminal(int tty, const char *prompt, struct ra_secret *out, struct ra_err *err)
{
    struct termios old, quiet;
    if (tcgetattr(tty, &old) < 0)
        return ra_fail_sys(err, "cannot use the terminal");
    quiet = old;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(tty, TCSAFLUSH, &quiet);
    say(tty, prompt);
    int rc = read_secret(tty, true, out, err);
    tcsetattr(tty, TCSAFLUSH, &old);
    say(tty, "\n");
    return rc == 0 ? ra_fail(err, RA_NOTFOUND, "no password was typed") : rc < 0 ? rc : 0;
}

int ra_secret_ask(const char *prompt, struct ra_secret *out, struct ra_err *err)
{
    ra_auto_fd int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (tty >= 0)
        return ask_terminal(tty, prompt, out, err);
    say(STDERR_FILENO, prompt);
    int rc = read_secret(STDIN_FILENO, true, out, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    say(STDERR_FILENO, "\n");
    return ra_hint(
        err, nothing_read(err),
        "there is no terminal to ask on: pipe a password in (-i), give one (-b), or have one made up (-g)");
}
