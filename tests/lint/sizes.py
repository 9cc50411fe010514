"""Functions of 80 lines at most, files of 500."""
import json
import subprocess
from pathlib import Path

files = sorted(p for f in ("lib/*", "cmd", "tests/*") for p in Path(".").glob(f"{f}/*.[ch]"))
assert len(files) > 20, "no sources: started from another folder?"
tags = subprocess.check_output(["ctags", "--output-format=json", "--languages=C", "--c-kinds=f", "--fields=+ne", "-f", "-",
                                *map(str, files)], text=True)
tags = [json.loads(line) for line in tags.splitlines()]
assert len(tags) > len(files), "ctags found too little"
long = [f"{t['path']}:{t['line']}: {t['name']} has {t['end'] - t['line'] + 1} lines" for t in tags
        if t.get("end", t["line"]) - t["line"] >= 80]
print(f"FAIL functions: {len(long)} are too long" if long else "ok functions", *long, sep="\n    ")
long = [f"{p} has {n} lines" for p in files if (n := p.read_text().count("\n")) > 500]
print(f"FAIL files: {len(long)} are too long" if long else "ok files", *long, sep="\n    ")
