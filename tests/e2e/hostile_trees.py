"""Trees that nobody means well with: links, fifos, sockets and devices where files belong, names with newlines and escape
sequences, paths at their limit and beyond, folders a thousand deep, files that change while they are read. No verb hangs,
crashes or shows a terminal what is in them; what is sound beside them stays so."""
import hashlib
import json
import os
import pty
import re
import select
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

REGADM, TESTLIB = os.environ["REGADM"], os.environ["TESTLIB"]
SLOWER = {"asan": 4, "tsan": 10, "debug": 2}.get(os.environ["VARIANT"], 1)
WORK = tempfile.mkdtemp()
ROOT = f"{WORK}/root"
V2 = f"{ROOT}/docker/registry/v2"
REPOS = f"{V2}/repositories"
ESCAPES = "\x1b[31mred\x1b]0;title\x07\r\x08\x9b1m\u202eback"
# What must not reach a terminal: controls but newlines, C1 in either form, overrides of direction.
RAW = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]")
failed = False


def report(name, wrong):
    global failed
    failed = failed or bool(wrong)
    print(f"FAIL {name}: {wrong}" if wrong else f"ok {name}", flush=True)


def put(path, data=b""):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def replace(path, make):
    """Something else where a file or folder is, or would be."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)
    make(path)


def make_socket(path):
    here = os.getcwd()
    os.chdir(os.path.dirname(path))  # a socket's address is short
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(os.path.basename(path))
    os.chdir(here)


def make_device(path):
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 5))  # /dev/zero: it never ends
    except OSError:
        os.mkfifo(path)


STRANGE = {
    "fifo": os.mkfifo,
    "socket": make_socket,
    "device": make_device,
    "link-out": lambda p: os.symlink("/etc/passwd", p),
    "link-to-zero": lambda p: os.symlink("/dev/zero", p),
    "link-to-itself": lambda p: os.symlink(os.path.basename(p), p),
    "link-nowhere": lambda p: os.symlink("\x1b[1mnowhere\n", p),
    "link-up": lambda p: os.symlink("../../..", p),
    "folder": os.mkdir,
    "empty": lambda p: put(p),
    "huge": lambda p: (put(p), os.truncate(p, 1 << 26)),
    "escapes": lambda p: put(p, ESCAPES + "\n" + ESCAPES),
}


def fresh():
    shutil.rmtree(ROOT, ignore_errors=True)
    subprocess.run([f"{os.environ['OUT']}/tests/lib/mksample", ROOT], check=True, stdout=subprocess.DEVNULL)


def deep(base, name, depth):
    """Folders in folders, by descriptors: the path may be longer than any call takes."""
    os.makedirs(base, exist_ok=True)
    at = os.open(base, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=at)
        below = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    for folder in ("_manifests", "_layers"):
        os.mkdir(folder, dir_fd=at)
    os.close(at)


def plant_strange():
    """Each kind of strange thing at every place where a file or folder counts."""
    hello = f"{REPOS}/tools/hello"
    for kind, make in STRANGE.items():
        digest = hashlib.sha256(kind.encode()).hexdigest()
        for place in (f"{V2}/blobs/sha256/{digest[:2]}/{digest}/data", f"{V2}/blobs/sha256/{digest[:2]}/{digest[::-1]}",
                      f"{V2}/blobs/sha256/{digest[2:4]}", f"{V2}/blobs/{kind}", f"{hello}/_layers/sha256/{digest}/link",
                      f"{hello}/_layers/sha256/{digest[::-1]}", f"{hello}/_manifests/revisions/sha256/{digest}/link",
                      f"{hello}/_manifests/tags/{kind}", f"{hello}/_manifests/tags/{kind}-2/current/link",
                      f"{hello}/_manifests/tags/{kind}-3/current", f"{hello}/_manifests/tags/0.9/index/sha256/{digest}/link",
                      f"{hello}/_uploads/{kind}", f"{hello}/_uploads/{kind}-2/data", f"{hello}/_uploads/{kind}-2/startedat",
                      f"{hello}/_uploads/{kind}-2/hashstates", f"{REPOS}/{kind}", f"{REPOS}/{kind}-2/_manifests",
                      f"{REPOS}/{kind}-2/_layers", f"{REPOS}/{kind}-2/_uploads", f"{REPOS}/{kind}-3/_manifests/tags",
                      f"{REPOS}/{kind}-3/_manifests/revisions"):
            if not os.path.isdir(place):  # the sample's own
                replace(place, make)


def plant_links():
    """Parts of repositories that are links to other folders of the storage, which could be taken for their own."""
    n = 0
    for part in ("_uploads", "_layers", "_manifests", "_layers/sha256", "_manifests/tags", "_manifests/revisions", "_uploads/x", ""):
        for target in ("..", V2, f"{V2}/blobs", f"{V2}/blobs/sha256", f"{V2}/blobs/sha256/23", f"{V2}/blobs/sha256/8e", REPOS, f"{REPOS}/tools",
                       f"{REPOS}/tools/hello", f"{REPOS}/tools/hello/_layers", f"{REPOS}/tools/hello/_layers/sha256",
                       f"{REPOS}/tools/hello/_manifests", f"{REPOS}/tools/hello/_manifests/tags", f"{REPOS}/web/site/_manifests/revisions"):
            n += 1
            place = f"{REPOS}/linked/n{n}/{part}".rstrip("/")
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.symlink(os.path.relpath(target, os.path.dirname(place)), place)


def plant_names():
    digest = "0123456789abcdef" * 4
    hello = f"{REPOS}/tools/hello"
    for name in (ESCAPES, "a\nb", "\n", " ", "-n", "--yes", "$(true)", "a\xff".encode("latin-1"), b"\xc3\x28\xf0\x9f", "ü" * 120, "x" * 255,
                 "_manifests", "..data", "*", "'", "<script>alert(1)</script>"):
        b = name if isinstance(name, bytes) else name.encode()
        b = b.replace(b"/", b"|")
        for base in (REPOS, f"{REPOS}/tools/hello/_manifests/tags", f"{V2}/blobs/sha256", f"{V2}/blobs", f"{hello}/_layers/sha256",
                     f"{hello}/_uploads", f"{hello}/_manifests/revisions", f"{hello}/_manifests", V2, f"{REPOS}/web"):
            folder = os.path.join(base.encode(), b)
            os.makedirs(folder, exist_ok=True)
            for below in (b"_manifests/tags/" + b + b"/current/link", b"current/link", b"data", b):
                if os.path.lexists(os.path.join(folder, below.split(b"/")[0])):
                    continue
                try:
                    os.makedirs(os.path.dirname(os.path.join(folder, below)), exist_ok=True)
                    with open(os.path.join(folder, below), "wb") as f:
                        f.write(b"sha256:" + digest.encode())
                except OSError:
                    pass  # too long


def blob(data):
    d = hashlib.sha256(data).hexdigest()
    put(f"{V2}/blobs/sha256/{d[:2]}/{d}/data", data)
    return {"digest": "sha256:" + d, "size": len(data)}


def plant_contents():
    """A well-formed image in which every text is hostile."""
    text = ESCAPES + "\n</script><script>alert(1)</script>"
    config = blob(json.dumps({"architecture": text, "os": text, "created": text, "author": text,
                              "config": {"Labels": {text: text}, "Env": [text], "Cmd": [text], "User": text, "WorkingDir": text},
                              "history": [{"created_by": text, "comment": text}], "rootfs": {"type": text, "diff_ids": [text]}}).encode())
    layer = blob(b"no tar at all " + ESCAPES.encode())
    manifest = blob(json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                                "artifactType": text, "config": {"mediaType": text, **config},
                                "layers": [{"mediaType": text, "urls": [text], "annotations": {text: text}, **layer}],
                                "annotations": {text: text, "org.opencontainers.image.ref.name": text}}).encode())
    index = blob(json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
        {"mediaType": text, "platform": {"os": text, "architecture": text, "variant": text}, "annotations": {text: text}, **manifest}]}).encode())
    for tag, d in (("image", manifest), ("index", index)):
        base = f"{REPOS}/hostile"
        for link in (f"tags/{tag}/current/link", f"tags/{tag}/index/sha256/{d['digest'][7:]}/link", f"revisions/sha256/{d['digest'][7:]}/link"):
            put(f"{base}/_manifests/{link}", d["digest"])
        for l in (config, layer):
            put(f"{base}/_layers/sha256/{l['digest'][7:]}/link", l["digest"])


LOOKS = [["ls"], ["ls", "-q"], ["ls", "--json"], ["tags", "tools/hello"], ["tags", "--json", "tools/hello", "hostile"],
         ["inspect", "tools/hello:1.0"], ["inspect", "tools/hello:fifo-2"], ["inspect", "hostile:image"], 
         ["inspect", "hostile:index"], ["inspect", "--json", "hostile:index"], ["inspect", "folder-3:latest"], ["find", "--label", "team=tools"],
         ["find", "0123456789ab"], ["du"], ["du", "--by", "tag"], ["du", "--by", "media-type"], ["du", "--disk", "--json"], ["gc", "-n", "-v", "--min-age", "0"],
         ["gc", "-n", "--json", "-m"], ["rm", "-n", "tools/hello:*"], ["rm", "-n", "-r", "hostile", "fifo-2"], ["fsck", "-v"], ["fsck", "--json"], ["fsck", "--quick"],
         ["report", "-o", f"{WORK}/report.html"], ["report", "--json"], ["export", "--all", "-o", f"{WORK}/out.tar"],
         ["export", "--all", "--skip-damaged", "-o", f"{WORK}/out.tar"], ["export", "hostile:image", "--format", "docker", "-o", f"{WORK}/out.tar"]]
WRITES = [["gc", "--yes", "-v", "--min-age", "0"], ["gc", "--yes", "-m", "--min-age", "0", "--uploads-age", "0", "--prune-repositories"],
          ["fsck", "--repair", "--yes"], ["rm", "--yes", "-r", "fifo-2"], ["fsck"]]


def outcome(args, said, status):
    if status is None:
        return f"{args}: hangs"
    if status not in (0, 1, 3):
        return f"{args}: status {status}: {said[-300:]!r}"
    text = said.replace(b"\r\n", b"\n")
    raw = RAW.search(text)
    if raw:
        return f"{args}: prints {text[max(0, raw.start() - 80):raw.end() + 20]!r}"
    return None


def run(args, locale="C.UTF-8"):
    env = dict(os.environ, LC_ALL=locale)
    try:
        p = subprocess.run([REGADM, "--root", ROOT, *args], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=60 * SLOWER)
    except subprocess.TimeoutExpired:
        return outcome(args, b"", None)
    wrong = outcome(args, p.stdout, p.returncode) or outcome(args, p.stderr, p.returncode)
    if not wrong and "--json" in args and p.returncode < 2:
        try:
            json.loads(p.stdout)
        except ValueError as e:
            return f"{args}: no JSON: {e}"
    return wrong


def run_terminal(args):
    """With a terminal for all three; its own colours are switched off."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", NO_COLOR="1")
        os.execv(REGADM, [REGADM, "--root", ROOT, *args, "--no-progress"])
    said, end = b"", time.time() + 60 * SLOWER
    while time.time() < end:
        if not select.select([fd], [], [], 1)[0]:
            continue
        try:
            got = os.read(fd, 65536)
        except OSError:
            got = b""
        if not got:
            break
        said += got
    else:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(fd)
        return outcome(args, said, None)
    os.close(fd)
    return outcome(args, said, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def first(results):
    return "; ".join([r for r in results if r][:3])


def content(digest):
    with open(f"{V2}/blobs/sha256/{digest[7:9]}/{digest[7:]}/data", "rb") as f:
        data = f.read()
    if "sha256:" + hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(f"{digest} is damaged")
    return data


def follow(repo, digest):
    """A manifest with all that it leads to, read as the registry would."""
    with open(f"{REPOS}/{repo}/_manifests/revisions/sha256/{digest[7:]}/link") as f:
        assert f.read() == digest
    m = json.loads(content(digest))
    for child in m.get("manifests", []):
        follow(repo, child["digest"])
    for d in [m["config"], *m["layers"]] if "config" in m else []:
        content(d["digest"])
        with open(f"{REPOS}/{repo}/_layers/sha256/{d['digest'][7:]}/link") as f:
            assert f.read() == d["digest"]


def sound(name):
    """The images of the sample are whole, whatever lies beside them."""
    wrong = []
    for ref in ("tools/hello:0.9", "tools/hello:1.0", "tools/hello:latest", "tools/hello-oci:v1", "web/site:stable"):
        repo, tag = ref.split(":")
        try:
            with open(f"{REPOS}/{repo}/_manifests/tags/{tag}/current/link") as f:
                follow(repo, f.read())
        except (OSError, ValueError, AssertionError) as e:
            wrong.append(f"{ref}: {e!r}")
    report(name, "; ".join(wrong[:2]))


def try_all(name, plant, locales=("C.UTF-8",), terminal=False):
    fresh()
    plant()
    report(f"{name} - looking", first(run(args, locale) for locale in locales for args in LOOKS))
    if terminal:
        report(f"{name} - on a terminal", first(run_terminal(args) for args in LOOKS if "--json" not in args))
    report(f"{name} - writing", first(run(args) for args in WRITES))
    sound(f"{name} - the rest is whole")


def change(stop, paths):
    """Lets files grow and shrink all the time, and links too."""
    sizes = [os.path.getsize(p) for p in paths]
    while not stop.is_set():
        for p, size in zip(paths, sizes):
            for n in (size + 100000, size // 2, 0, size + 7):
                os.truncate(p, n)
                time.sleep(0.0005)


def try_changing():
    fresh()
    kept = f"{WORK}/kept"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(ROOT, kept, symlinks=True)
    files = sorted(os.path.join(d, f) for d, _, names in os.walk(V2) for f in names)
    stop = threading.Event()
    t = threading.Thread(target=change, args=(stop, files[::3]))
    t.start()
    looks = [a for a in LOOKS if a[0] not in ("rm",) and "hostile" not in " ".join(a)]
    report("files that grow and shrink - looking", first(run(args) for _ in range(2) for args in looks))
    report("files that grow and shrink - gc", run(["gc", "--yes", "--min-age", "1h", "-v"]))
    stop.set()
    t.join()
    shutil.copytree(kept, ROOT, dirs_exist_ok=True)
    sound("files that grow and shrink - restored, all is whole")


def come_and_go(stop):
    while not stop.is_set():
        for n in range(20):
            put(f"{REPOS}/come/and/go{n}/_manifests/tags/t/current/link", "sha256:" + "0" * 64)
            put(f"{V2}/blobs/sha256/ff/ff{n:062}/data", "x")
        shutil.rmtree(f"{REPOS}/come", ignore_errors=True)
        shutil.rmtree(f"{V2}/blobs/sha256/ff", ignore_errors=True)


def try_coming():
    fresh()
    stop = threading.Event()
    t = threading.Thread(target=come_and_go, args=(stop,))
    t.start()
    report("files that come and go - looking", first(run(args) for args in LOOKS if "hostile" not in " ".join(args)))
    report("files that come and go - gc", run(["gc", "--yes", "-v"]))
    stop.set()
    t.join()
    sound("files that come and go - the rest is whole")


def main():
    try_all("no files", plant_strange, terminal=True)
    try_all("links to folders", plant_links)
    try_all("names", plant_names, ("C.UTF-8", "C"), terminal=True)
    try_all("contents", plant_contents, ("C.UTF-8", "C"), terminal=True)
    try_all("a thousand deep", lambda: deep(f"{REPOS}/deep", "a", 1000))
    try_all("deeper than any path", lambda: deep(f"{REPOS}/deep", "b" * 200, 40))
    try_all("deep below blobs", lambda: deep(f"{V2}/blobs/sha256/ab", "c" * 100, 60))
    try_all("deep below an upload", lambda: deep(f"{REPOS}/tools/hello/_uploads/x", "d" * 100, 60))
    try_all("at the limit", lambda: deep(f"{REPOS}/limit", "e" * 250, (4095 - len(f"{REPOS}/limit/_manifests")) // 251))
    try_changing()
    try_coming()
    shutil.rmtree(WORK, ignore_errors=True)
    sys.exit(failed)


main()
