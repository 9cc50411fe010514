"""Includes go downstairs: a file may include headers of its own floor or of a lower one, no two headers of one floor
need each other, tests may include what they like, and a foreign library is seen by one floor's files alone."""
import re
from pathlib import Path

FLOORS = ["lib/base", "lib/format", "lib/store", "lib/registry", "lib/jobs", "cmd"]
# Libraries and the files that may know them. Everything else is the C library and Linux.
LIBRARIES = {
    "openssl/": "lib/base lib/format lib/store", "yaml.h": "lib/format", "archive": "lib/format",
    "crypt.h": "lib/format", "isa-l": "lib/format", "isal": "lib/format", "zstd.h": "lib/format", "zlib.h": "lib/format",
    "curl/": "lib/store",
}


def floor(path):
    return next((i for i, f in enumerate(FLOORS) if str(path).startswith(f + "/")), None)


def resolve(name, source):
    """The project's file that an include line means, or None."""
    for folder in ("lib", "cmd", str(source.parent)):
        if (Path(folder) / name).exists():
            return Path(folder) / name
    return None


def includes(source):
    return re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', source.read_text(), re.M)


def check(name, wrong):
    print(f"FAIL {name}: {len(wrong)} wrong" if wrong else f"ok {name}", *wrong, sep="\n    ")


def cycle(graph):
    """A cycle among headers as a text, or None."""
    done = set()

    def walk(node, path):
        if node in path:
            return " -> ".join(map(str, [*path[path.index(node):], node]))
        if node in done:
            return None
        done.add(node)
        return next(filter(None, (walk(n, [*path, node]) for n in graph.get(node, []))), None)

    return next(filter(None, (walk(n, []) for n in list(graph))), None)


def main():
    sources = sorted(p for f in FLOORS for p in Path(f).glob("*.[ch]"))
    assert len(sources) > 20, "no sources: started from another folder?"
    graph = {s: [t for t in (resolve(n, s) for n in includes(s)) if t] for s in sources}
    check("upward", [f"{s} includes {t}" for s in sources for t in graph[s] if floor(t) is None or floor(t) > floor(s)])
    circle = cycle({s: ts for s, ts in graph.items() if s.suffix == ".h"})
    check("cycles", [circle] if circle else [])
    own = [s for s in sources if s.suffix == ".c" and s.with_suffix(".h").exists()]
    check("own-header-first", [str(s) for s in own if s.with_suffix(".h") not in graph[s][:1] + graph.get((graph[s] or [0])[0], [])])
    check("libraries", [f"{s} includes <{n}>" for s in sources for n in includes(s) for library, homes in LIBRARIES.items()
                        if n.startswith(library) and not str(s.parent) in homes.split()])


main()
