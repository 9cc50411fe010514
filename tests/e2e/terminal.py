#!/usr/bin/env python3
"""On a terminal: questions can be answered, refused and left, pipes too; rows fit its width; its locale's characters only."""
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import fcntl
import tempfile
import termios
import time

OUT = os.environ["OUT"]
REGADM = os.environ["REGADM"]
failed = False


def check(name, why):
    global failed
    failed |= bool(why)
    print(f"FAIL {name}: {why}" if why else f"ok {name}")


class Terminal:
    """A program with a terminal of its own; `limit` seconds until it counts as hung."""

    def __init__(self, *args, columns=80, env=None, limit=60):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([REGADM, *args], stdin=slave, stdout=slave, stderr=slave,
                                        preexec_fn=own_terminal, env=dict(os.environ, **(env or {})))
        os.close(slave)
        self.text, self.end = "", time.monotonic() + limit * (10 if os.environ["VARIANT"] != "release" else 1)

    def read_until(self, what):
        """What came up to there, or up to the end of the program."""
        while what is None or what not in self.text:
            ready, _, _ = select.select([self.master], [], [], max(0, self.end - time.monotonic()))
            if not ready:
                self.process.kill()
                return False
            try:
                more = os.read(self.master, 65536)
            except OSError:  # its end
                more = b""
            if not more:
                return what is None
            self.text += more.decode("utf-8", "replace").replace("\r\n", "\n")
        return True

    def type(self, text):
        os.write(self.master, text.encode())

    def finish(self):
        """Its exit status, negative for a signal; None: it hung."""
        done = self.read_until(None)
        status = self.process.wait()
        os.close(self.master)
        return status if done else None


def sample():
    root = tempfile.mkdtemp(prefix="regadm-terminal-")
    subprocess.run([f"{OUT}/tests/lib/mksample", f"{root}/reg"], check=True, stdout=subprocess.DEVNULL)
    return f"{root}/reg"


def tags(root):
    return subprocess.run([REGADM, "--root", root, "tags", "-q", "tools/hello"], capture_output=True, text=True,
                          check=True).stdout.split()


def ask(root, keys):
    t = Terminal("--root", root, "rm", "tools/hello:0.9")
    if not t.read_until("[y/N] "):
        return None, t.text
    t.type(keys)
    return t.finish(), t.text


def questions():
    root = sample()
    whole = tags(root)
    for name, keys, status, words in (
            ("a stop at the question", "\x03", -signal.SIGINT, "'rm' was stopped by a signal\n        nothing was changed"),
            ("an end of input at the question", "\x04", 3, "nothing was changed"),
            ("another answer", "no\n", 3, "nothing was changed"),
            ("an empty answer", "\n", 3, "nothing was changed")):
        got, text = ask(root, keys)
        check(name, "" if got == status and words in text and tags(root) == whole else f"{got}, {text!r}, {tags(root)}")
    last = text.rpartition("[y/N] ")[2]
    check("the message begins a line", "" if last.startswith("\n") or "\nregadm: " in last else repr(last))
    got, text = ask(root, "y\n")
    check("a yes", "" if got == 0 and "0.9" not in tags(root) else f"{got}, {text!r}")


def widths():
    root = sample()
    for verb in (["ls"], ["tags", "tools/hello", "web/site"], ["du"], ["find", "--os", "linux"], ["rm", "-n", "-r", "tools/hello"],
                 ["gc", "-n"], ["find", "--file", "/etc/*"]):
        for columns in (80, 70) if verb != ["du"] else (80,):
            t = Terminal("--root", root, *verb, columns=columns)
            status = t.finish()
            wide = [line for line in t.text.split("\n") if len(line) > columns]
            check(f"{' '.join(verb[:2])} in {columns} columns",
                  "" if status == 0 and not wide and len(t.text) > 40 else f"{status}, {wide or t.text}")


def words():
    """What is said breaks between words; what is piped does not."""
    root = sample()
    subprocess.run(["sh", "-c", f"rm -r {root}/docker/registry/v2/blobs/sha256/2a"], check=True)
    for columns, color in ((80, "never"), (80, "always"), (60, "always")):
        t = Terminal("--root", root, "--color", color, "fsck", columns=columns)
        status = t.finish()
        plain = re.sub("\033\\[[0-9]*m", "", t.text).split("\n")
        said = [line for line in plain if not line.startswith("    docker/")]
        wide, broken = [line for line in said if len(line) > columns], [line for line in said if line.startswith("    ")]
        check(f"findings in {columns} columns, colour {color}", "" if status == 1 and broken and not wide else f"{status}, {t.text}")
    t = Terminal("--root", root, "import", "/nowhere.tar", columns=40)
    status = t.finish()
    check("an error in 40 columns", "" if status == 3 and max(map(len, t.text.split("\n"))) <= 40 else f"{status}, {t.text}")
    piped = subprocess.run([REGADM, "--root", root, "fsck"], capture_output=True, text=True, check=False, env=dict(os.environ, COLUMNS="40"))
    check("findings into a pipe", "" if any(len(line) > 100 for line in piped.stderr.split("\n")) else piped.stderr)


def binary():
    """What is not for people's eyes stays off a terminal."""
    root = sample()
    for args in (["report", "-o", "-"], ["export", "--all"], ["export", "--all", "-o", "-"]):
        t = Terminal("--root", root, *args)
        status = t.finish()
        check(f"{' '.join(args)} on a terminal", "" if status == 2 and "use -o FILE" in t.text and len(t.text) < 1000 else f"{status}, {t.text[:500]}")


def locales():
    root = sample()
    for verb in (["du"], ["tags", "tools/hello", "web/site"]):
        for locale, plain in (("C", True), ("C.UTF-8", False)):
            t = Terminal("--root", root, *verb, columns=60, env={"LC_ALL": locale})
            status = t.finish()
            check(f"{verb[0]} in the locale {locale}",
                  "" if status == 0 and t.text.isascii() == plain else f"{status}, {t.text!r}")


def pipes():
    """A pipe that is open and silent, or full, holds up nobody who wants to stop."""
    root = sample()
    silent, _ = os.pipe()
    _, full = os.pipe()
    fcntl.fcntl(full, fcntl.F_SETPIPE_SZ, 1 << 20)  # as regadm asks for
    os.set_blocking(full, False)
    try:
        while os.write(full, bytes(4096)):
            pass
    except BlockingIOError:
        os.set_blocking(full, True)
    for name, args, ends in (("import", ["import", "-"], {"stdin": silent}), ("archive", ["archive", "-"], {"stdin": silent}),
                             ("export", ["export", "--all", "-o", "-"], {"stdout": full})):
        p = subprocess.Popen([REGADM, "--root", root, *args], stderr=subprocess.PIPE, **ends)
        time.sleep(0.5)
        running = p.poll() is None
        p.send_signal(signal.SIGTERM)
        try:
            _, said = p.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            p.kill()
            _, said = p.communicate()
        check(f"{name} is stopped at a pipe", "" if running and p.returncode == -signal.SIGTERM else f"{running}, {p.returncode}, {said!r}")


pipes()
questions()
widths()
words()
binary()
locales()
sys.exit(failed)
