"""The report in a real browser: it searches, sorts, enters and leaves, shows hostile text as text, asks for nothing over
the network, and its figures are those of du and tags."""
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path

sys.path.insert(0, os.environ["TESTLIB"])
from browser import Browser  # noqa: E402

HOSTILE = {
    "script": "</script><script>hacked = 1</script><img src=x onerror='hacked = 1'>",
    "quotes": "\"'`\\&amp;&lt;{{data}}",
    "direction": "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd \u2028 end",
    "emoji": "\U0001f433 \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "long": "long " * 2000,
}
failed = False


def check(name, good, why=""):
    global failed
    failed |= not good
    print(f"ok {name}" if good else f"FAIL {name}: {str(why)[:300]}", flush=True)


def same(name, want, got):
    check(name, want == got, f"wanted {want!r} but got {got!r}")


def put_blob(v2, content):
    digest = hashlib.sha256(content).hexdigest()
    folder = v2 / "blobs/sha256" / digest[:2] / digest
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data").write_bytes(content)
    return digest


def put_link(path, digest):
    path.mkdir(parents=True, exist_ok=True)
    (path / "link").write_text(f"sha256:{digest}")


def add_hostile(v2):
    """An image whose labels and history are hostile."""
    config = put_blob(v2, json.dumps({"os": "linux", "architecture": "s390x", "config": {"Labels": HOSTILE},
                                      "history": [{"created_by": HOSTILE["script"], "empty_layer": True}]}).encode())
    kind = "application/vnd.oci.image.%s.v1+json"
    manifest = put_blob(v2, json.dumps({"schemaVersion": 2, "mediaType": kind % "manifest", "layers": [], "config": {
        "mediaType": kind % "config", "digest": f"sha256:{config}", "size": 1}}).encode())
    repo = v2 / "repositories/hostile"
    put_link(repo / "_layers/sha256" / config, config)
    put_link(repo / "_manifests/revisions/sha256" / manifest, manifest)
    put_link(repo / "_manifests/tags/v1/current", manifest)
    put_link(repo / "_manifests/tags/v1/index/sha256" / manifest, manifest)


def regadm(*args):
    return subprocess.run([os.environ["REGADM"], *args], capture_output=True, text=True).stdout


class Rows(HTMLParser):
    """The first cells of the rows that stand in the page itself."""

    def __init__(self, text):
        super().__init__()
        self.first, self.open = [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.open = tag == "th" and ("scope", "row") in attrs or self.open and tag == "bdi"

    def handle_data(self, text):
        if self.open:
            self.first.append(text)
            self.open = False


FIRST = "[...document.querySelectorAll('%s tbody tr > :first-child')].map(c => c.textContent)"
SIZES = "[...document.querySelectorAll('%s tbody tr')].map(r => [r.cells[0].textContent, ...[...r.querySelectorAll('[data-bytes]')].map(s => +s.dataset.bytes)])"


def figures(b, root):
    du = json.loads(regadm("du", "--root", root, "--json"))
    data = b.ask("JSON.parse(document.getElementById('data').textContent)")
    names = ("bytes", "reclaimable_bytes", "untagged_bytes", "upload_bytes")
    same("totals are those of du", [du[n] for n in names], [data[n] for n in names])
    columns = ("bytes", "unique_bytes", "shared_bytes", "untagged_bytes")
    same("repositories are those of du", sorted([r["name"], *(r[c] for c in columns)] for r in du["repositories"]),
         sorted(b.ask(SIZES % "section:has(#h-repos)")))
    names = [r["name"] for r in du["repositories"]]
    for repo in json.loads(regadm("tags", "--root", root, "--json", *names))["repositories"]:
        b.ask(f"void (location.hash = '#/r/{repo['name']}')")
        b.wait(f"document.querySelector('#detail h2')?.textContent.startsWith('{repo['name']}')")
        same(f"tags of {repo['name']} are those of tags", sorted([t["tag"], t["bytes"]] for t in repo["tags"]),
             sorted(row[:2] for row in b.ask(SIZES % "#detail section:first-of-type")))
    b.ask("void (location.hash = '#/')")


def moves(b):
    b.wait("!document.getElementById('overview').hidden")
    b.ask("document.querySelector('section:has(#h-repos) thead button').click()")
    names = b.ask(FIRST % "section:has(#h-repos)")
    same("sorts by name", sorted(names), names)
    b.ask("document.querySelector('section:has(#h-repos) thead button').click()")
    same("sorts the other way", sorted(names, reverse=True), b.ask(FIRST % "section:has(#h-repos)"))
    b.ask("[...document.querySelectorAll('.map a')].find(a => a.textContent.startsWith('tools/hello') && !a.textContent.includes('oci')).click()")
    check("the treemap enters a repository", b.wait("location.hash === '#/r/tools/hello' && document.querySelector('#detail .map a[href$=\"0.9\"]')"), b.ask("location.hash"))
    b.ask("document.querySelector('#detail .map a[href$=\"0.9\"]').click()")
    check("and a tag", b.wait("document.querySelector('#detail h2')?.textContent === 'tools/hello:0.9'"))
    check("pull line", "docker pull registry.example.com/tools/hello:0.9" in b.ask("document.getElementById('detail').textContent"))
    check("history beside layers", "ADD layer 1 in /" in b.ask("document.querySelector('.steps').textContent"))
    b.key("Escape")
    check("Esc goes up", b.wait("location.hash === '#/r/tools/hello'"))
    b.ask("document.querySelector('.crumbs a').click()")
    check("the breadcrumb leaves", b.wait("!document.getElementById('overview').hidden && !document.querySelector('#detail *')"))


def searches(b, root):
    b.key("/")
    same("/ goes to the search", "query", b.ask("document.activeElement.id"))
    b.type("HELLO 0.9")
    same("finds by name and tag", ["tools/hello:0.9"], b.ask(FIRST % "#detail"))
    b.key("ArrowDown")
    same("the arrow goes to the result", "tools/hello:0.9", b.ask("document.activeElement.textContent"))
    digest = json.loads(regadm("tags", "--root", root, "--json", "web/site"))["repositories"][0]["tags"][0]["digest"]
    for what, text, want in (("digest", digest[7:20], "web/site:stable"), ("label", "right to left", "hostile:v1")):
        b.ask("document.getElementById('query').select(); document.getElementById('query').focus()")
        b.type(text)
        found = b.ask("[...document.querySelectorAll('#detail tbody tr a')].map(a => a.textContent)")
        check(f"finds by {what}", want in found, found)
    b.ask("void (location.hash = '#/nothing')")


def hostile(b):
    b.ask("void (location.hash = '#/t/hostile:v1')")
    b.wait("document.querySelector('.labels')")
    shown = b.ask("Object.fromEntries([...document.querySelectorAll('.labels tbody tr')].map(r => [r.cells[0].textContent, r.cells[1].textContent]))")
    for name, text in HOSTILE.items():
        same(f"label {name} is text", text, shown.get(name))
    same("history is text", HOSTILE["script"], b.ask("document.querySelector('.steps code').textContent"))
    same("nothing of it ran", "undefined", b.ask("typeof hacked"))
    same("nothing of it is markup", 0, b.ask("document.querySelectorAll('main img, main script').length"))


def look(root, page):
    url = f"file://{page}"
    with Browser() as b:
        b.open(url)
        check("opens", b.wait("document.querySelector('.map a')"), b.complaints)
        figures(b, root)
        moves(b)
        searches(b, root)
        hostile(b)
        same("the console is silent", [], b.complaints)
        same("no request leaves", {url}, {r.split("#")[0] for r in b.requests})
        same("and none could", "refused", b.ask("fetch('http://127.0.0.1:9/').then(() => 'went', () => 'refused')"))
        check("by the page's own policy", any("Content Security Policy" in c for c in b.complaints), b.complaints)
    with Browser(width=390, height=844, phone=True) as b:
        b.open(url)
        check("fits a phone", b.ask("document.documentElement.scrollWidth <= innerWidth"), b.ask("document.documentElement.scrollWidth"))


def main():
    if not Browser.find():
        print("skip: chromium is not installed")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as work:
        root, page = f"{work}/root", f"{work}/report.html"
        subprocess.run(["sample", root], check=True)
        add_hostile(Path(root) / "docker/registry/v2")
        make = lambda to: regadm("report", "--root", root, "--name", "registry.example.com", "-o", to)
        os.environ["SOURCE_DATE_EPOCH"] = "1780000000"
        make(page)
        same("the same bytes again", Path(page).read_text(), make("-"))
        names = [r["name"] for r in json.loads(regadm("ls", "--root", root, "--json"))["repositories"]]
        same("repositories without scripts", sorted(names), sorted(Rows(Path(page).read_text()).first))
        look(root, page)
    sys.exit(failed)


main()
