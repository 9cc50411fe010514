"""Words that must not be in the code, and the map of the code that must be complete."""
import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

CALLS = {  # a name of a function: where it may be called all the same, and why it is banned
    r"strcpy|strcat|sprintf|vsprintf|gets|strtok|strncpy|strncat|alloca": ("", "unbounded, or not what it seems"),
    r"atoi|atol|atof|strtol|strtoul|strtoll|strtoull|sscanf": ("lib/base/num.c lib/base/clock.c", "use base/num.h"),
    r"malloc|calloc|realloc|strdup|strndup|asprintf": ("lib/base/mem.c", "use base/mem.h"),
    r"system|popen|tmpfile|tmpnam|mktemp|chdir|setenv|putenv|umask|rand|srand": ("lib/base/file_atomic.c lib/store/fs_write.c", "acts on the whole process"),
    r"printf|puts|putchar|perror|fprintf|vprintf|fputs": ("lib/base/mem.c lib/base/progress.c lib/format/digest.c cmd/*", "only cmd/ talks"),
    r"exit|_exit|abort": ("lib/base/mem.c lib/base/buf.c lib/base/pool.c lib/format/digest.c lib/store/fault.c cmd/main.c cmd/gen.c", "errors go up"),
    r"pthread_create": ("lib/base/* lib/store/walk.c", "use base/pool.h"),
}
STATEMENTS = {
    r"\bgoto\s+(?!retry\b)\w+": "goto is for retry alone",
    r"\btypedef\b": "no typedefs",
    r"\bregister\b|\bvolatile\b(?!\s+(sig_atomic_t|unsigned char|char|int))": "not what it seems",
    r"\b(TODO|FIXME|XXX)\b": "goes into an issue",
}


def code_of(path):
    """The text without comments and strings, lines kept."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, path.read_text(), flags=re.S)


def check(name, wrong):
    print(f"FAIL {name}: {len(wrong)} wrong" if wrong else f"ok {name}", *wrong, sep="\n    ")


def find(path, text, pattern, why):
    return [f"{path}:{text.count(chr(10), 0, m.start()) + 1}: {m.group().strip()}: {why}" for m in re.finditer(pattern, text)]


def main():
    tracked = [Path(p) for p in subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], text=True).split("\n") if p]
    tracked = [p for p in tracked if p.is_file()]
    sources = [p for p in tracked if p.suffix in (".c", ".h") and p.parts[0] in ("lib", "cmd")]
    assert len(sources) > 20, "no sources: started from another folder?"
    code = {p: code_of(p) for p in sources}
    check("calls", [w for p in sources for names, (homes, why) in CALLS.items() if not any(p.match(h) for h in homes.split())
                    for w in find(p, code[p], rf"(?<![\w>.])(?:{names})\s*\(", why)])
    check("statements", [w for p in sources for pattern, why in STATEMENTS.items() for w in
                         find(p, p.read_text() if "TODO" in pattern else code[p], pattern, why)])
    text = {p: p.read_bytes().decode(errors="replace") for p in tracked if "corpus" not in p.parts and "data" not in p.parts}
    check("places", [w for p in text if p.name != "words.py" for w in
                     find(p, text[p], r"/(?:work|root|home/\w+)/[\w.-]+|deb\.debian\.org", "no path or host of one machine")])
    check("blanks", [w for p in text if p.suffix in (".c", ".h", ".sh") for w in find(p, text[p], r"[ \t]+(?=\n)|\n\n\n", "blank")])
    check("columns", [w for p in sources for w in find(p, text[p], r"(?m)^.{121,}$", "over 120 columns")])
    the_map = Path("cmd/main.c").read_text().split("*/")[0]
    named = set(re.findall(r"[\w*-]+\.[ch]\b", the_map))
    known = lambda p: any(fnmatch(p.stem.removesuffix("_parts") + end, n) for end in (".c", ".h") for n in named)
    check("map", [f"{p} is not in the map at the top of cmd/main.c" for p in sources if not known(p)]
          + [f"{n} is in the map and nowhere else" for n in sorted(named) if not any(fnmatch(p.name, n) for p in sources)])


main()
