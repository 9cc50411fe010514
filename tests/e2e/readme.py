#!/usr/bin/env python3
"""The README shows real output: every "$ regadm ..." in it that is followed by output is run on the sample registry, in
order, and must print that (standard output and error together). "..." stands for any text, alone on a line for any
lines; a word of twenty letters and digits for any other, a password. Each section starts afresh; a hidden comment
<!-- first: COMMAND --> is run before what follows it, in the folder that holds the registry. What names a bucket finds
Ceph's gateway behind http://ceph:8080; where that cannot be had it is skipped."""
import atexit
import os
import re
import shlex
import subprocess
import tempfile

SAMPLE = os.path.join(os.environ["OUT"], "tests/lib/mksample")
PASSWORD = re.compile(r"^[A-Za-z0-9]{20}$")


def steps(text):
    """(section, line, command, expected lines or None for a hidden one), as they come."""
    section, current = "", None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            section = line[3:]
        if hidden := re.fullmatch(r"<!-- first: (.*) -->", line):
            yield section, number, hidden[1], None
        if not line.startswith("    $ "):
            if current and line.startswith("    "):
                current[3].append(line[4:])
                continue
            if current and not line.strip():
                current[3].append("")
                continue
        if current:
            yield tuple(current)
        current = [section, number, re.sub(r"\s+# .*", "", line[6:]), []] if line.startswith("    $ ") else None
    if current:
        yield tuple(current)


def pattern(lines):
    parts = []
    for line in lines:
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        elif PASSWORD.match(line):
            parts.append(r"[A-Za-z0-9]{20}\n")
        else:
            parts.append(".*".join(re.escape(p) for p in line.rstrip().split("...")) + r" *\n")
    return "".join(parts)


class Gateway:
    """What a bucket needs in the environment; empty where there is no gateway."""
    env = None

    @classmethod
    def start(cls):
        if cls.env is None:
            script, folder = os.path.join(os.environ["TESTLIB"], "rgw.sh"), tempfile.mkdtemp()
            atexit.register(subprocess.run, [script, "stop", folder])
            p = subprocess.run([script, "start", f"{folder}", "memstore", str(os.getpid())], stdout=subprocess.PIPE, text=True)
            cls.env = dict(w.split("=", 1) for w in shlex.split(p.stdout) if "=" in w) if p.returncode == 0 else {}
        return cls.env


def run(command, folder):
    env = dict(os.environ, REGADM_ROOT=f"{folder}/registry", COLUMNS="200")
    if "s3://" in command:
        env.update(Gateway.start())
        command = command.replace("http://ceph:8080", f"http://127.0.0.1:{env['RGW_PORT']}")
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60)
    return done.stdout


def main():
    with open("README.md") as f:
        text = f.read()
    section, holder, shown = None, None, 0
    for where, number, command, lines in steps(text):
        if where != section:
            section, holder = where, tempfile.TemporaryDirectory()
            subprocess.run([SAMPLE, f"{holder.name}/registry"], check=True)
        if lines is None:
            run(command, holder.name)
            continue
        while lines and not lines[-1]:
            lines.pop()
        if not lines and not re.search(r"[|>]", command):
            continue
        if "s3://" in command and not Gateway.start():
            print(f"skip {command.replace(':', ' ')}: there is no gateway")
            continue
        said = run(command, holder.name)
        if not lines:
            continue
        shown += 1
        if re.fullmatch(pattern(lines), said + ("" if said.endswith("\n") or not said else "\n")):
            print(f"ok {command}")
        else:
            print(f"FAIL {command}: README.md line {number} shows other output\n{said}")
    if shown < 10:
        print(f"FAIL shown: only {shown} commands with output were found")


main()
