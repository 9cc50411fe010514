#!/usr/bin/env python3
"""oddplaces.py ROOT: puts a link, a fifo, a socket, a file or a folder where each kind of thing of the storage in ROOT
belongs, one at a time, and sees what regadm makes of it. Names what it should not have made of it.

After gc everything that a registry served before is served still; whoever leaves anything of it out says so; and what
cannot be understood is a finding."""
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys

SAMPLE = os.path.abspath(sys.argv[1])
V2 = "docker/registry/v2"
HERE, AWAY = os.path.abspath("odd"), os.path.abspath("away")  # the storage of a case, and a place out of it

os.environ["REGADM_ROOT"] = HERE


# --- what a registry serves: it follows every link, and fails on whatever it cannot read ---


def content(path):
    try:
        return open(path, "rb").read() if stat.S_ISREG(os.stat(path).st_mode) else None
    except OSError:
        return None


def names(path):
    try:
        return sorted(os.listdir(path))
    except OSError:
        return []


class Registry:
    def __init__(self, root):
        self.v2 = os.path.join(root, V2)

    def repositories(self, below="", depth=0):
        for name in names(os.path.join(self.v2, "repositories", below)) if depth < 6 else []:
            if name.startswith("_"):
                yield below
                return
            yield from self.repositories(os.path.join(below, name), depth + 1)

    def blob(self, digest):
        alg, _, hexa = digest.partition(":")
        return content(f"{self.v2}/blobs/{alg}/{hexa[:2]}/{hexa}/data")

    def linked(self, repo, part, digest):
        return content(f"{self.v2}/repositories/{repo}/{part}/{digest.replace(':', '/')}/link") == digest.encode()

    def whole(self, repo, digest):
        body = self.linked(repo, "_manifests/revisions", digest) and self.blob(digest)
        if not body:
            return False
        m = json.loads(body)
        layers = [d["digest"] for d in m.get("layers", []) + ([m["config"]] if "config" in m else [])]
        return all(self.linked(repo, "_layers", d) and self.blob(d) is not None for d in layers) and all(
            self.whole(repo, d["digest"]) for d in m.get("manifests", [])
        )

    def tags(self):
        for repo in self.repositories():
            for tag in names(f"{self.v2}/repositories/{repo}/_manifests/tags"):
                link = content(f"{self.v2}/repositories/{repo}/_manifests/tags/{tag}/current/link")
                if link and self.whole(repo, link.decode()):
                    yield f"{repo}:{tag}"

    def revisions(self):
        for repo in self.repositories():
            for hexa in names(f"{self.v2}/repositories/{repo}/_manifests/revisions/sha256"):
                if self.whole(repo, "sha256:" + hexa):
                    yield f"{repo}@sha256:{hexa}"


# --- places, and what may be there instead ---


def places():
    """Of one image that has a tag of its own, from the top down."""
    repo = f"{V2}/repositories/tools/hello"
    tag, tags = f"{repo}/_manifests/tags/0.9", f"{repo}/_manifests/tags"
    digest = open(f"{SAMPLE}/{tag}/current/link").read()
    hexa = digest.partition(":")[2]
    manifest = json.loads(Registry(SAMPLE).blob(digest))
    layer = manifest["layers"][-1]["digest"].partition(":")[2]
    upload = names(f"{SAMPLE}/{V2}/repositories/tools/hello/_uploads") or [None]
    yield from [f"{V2}/repositories", f"{V2}/repositories/tools", repo, f"{repo}/_manifests", tags, tag]
    yield from [f"{tag}/current", f"{tag}/current/link", f"{tag}/index", f"{tag}/index/sha256"]
    yield from [f"{tag}/index/sha256/{hexa}", f"{tag}/index/sha256/{hexa}/link"]
    revisions, layers = f"{repo}/_manifests/revisions", f"{repo}/_layers"
    yield from [revisions, f"{revisions}/sha256", f"{revisions}/sha256/{hexa}", f"{revisions}/sha256/{hexa}/link"]
    yield from [layers, f"{layers}/sha256", f"{layers}/sha256/{layer}", f"{layers}/sha256/{layer}/link"]
    if upload[0]:
        yield from [f"{repo}/_uploads", f"{repo}/_uploads/{upload[0]}"]
    blobs = f"{V2}/blobs"
    yield from [blobs, f"{blobs}/sha256"]
    for digest in hexa, layer:
        shard = f"{blobs}/sha256/{digest[:2]}"
        yield from [shard, f"{shard}/{digest}", f"{shard}/{digest}/data"]


KINDS = ["inside", "outside", "followed", "dangling", "loop", "fifo", "socket", "file", "folder"]


def replace(path, kind):
    os.makedirs(AWAY)
    os.makedirs(f"{HERE}/moved")
    to = f"{HERE}/moved/thing" if kind == "inside" else f"{AWAY}/thing"
    os.rename(path, to)
    if kind in ("inside", "outside", "followed"):
        os.symlink(to, path)
    elif kind == "dangling":
        os.symlink("/nowhere/at/all", path)
    elif kind == "loop":
        os.symlink(os.path.basename(path), path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        here = os.getcwd()
        os.chdir(os.path.dirname(path))  # the whole path is too long for one
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(os.path.basename(path))
        os.chdir(here)
    elif kind == "file":
        open(path, "w").close()
    else:
        os.mkdir(path)


def set_up(place, kind):
    for old in HERE, AWAY, "copied", "all.tar":
        if os.path.isdir(old):
            shutil.rmtree(old)
        elif os.path.exists(old):
            os.remove(old)
    shutil.copytree(SAMPLE, HERE, symlinks=True, copy_function=os.link)
    replace(os.path.join(HERE, place), kind)


# --- what must hold ---


def is_unread(place, kind):
    """What gc need not look at to know what is needed: a history, links and data that are needed by their paths. A file
    among repositories and uploads is nobody's."""
    of_history = "/index" in place and not place.endswith("/sha256") and not re.search("/[0-9a-f]{64}$", place)
    return (
        of_history
        or re.search("/_layers/.*/link$|/data$", place)
        or (kind == "file" and re.search("/repositories/[a-z/]*$|/_uploads/[^/]*$", place))
    )


class Case:
    def __init__(self, place, kind):
        self.place, self.kind, self.wrong = place, kind, []
        self.follow = ["--follow-symlinks"] if kind == "followed" else []
        self.understood = kind in ("inside", "followed") or is_unread(place, kind)

    def regadm(self, *args):
        p = subprocess.run(["regadm", *args, *self.follow, "--json"], stdout=-1, stderr=-1, timeout=60)
        try:
            out = json.loads(p.stdout)
        except ValueError:
            out = {}
        if p.returncode not in (0, 1, 3):
            self.wrong.append(f"{args[0]}: status {p.returncode}: {p.stderr.decode()[-300:]}")
        return p.returncode, out

    def check_gc(self, served, *args):
        set_up(self.place, self.kind)
        before = set(served(Registry(HERE)))
        status, out = self.regadm("gc", "-y", "--min-age", "0s", *args)
        lost = before - set(served(Registry(HERE)))
        if lost:
            self.wrong.append(f"gc {' '.join(args)}: lost {' '.join(sorted(lost))}, status {status}")
        told = [f for f in out.get("findings", []) if f["severity"] != "note"]
        if status == 0 and not self.understood or status != 3 and not self.understood and not told:
            self.wrong.append(f"gc {' '.join(args)}: status {status} without a finding")

    def check_left_out(self, verb, status, there):
        left = set(Registry(HERE).tags()) - there
        if status == 0 and left:
            self.wrong.append(f"{verb}: left out {' '.join(sorted(left))} without a word")

    def check_readers(self):
        set_up(self.place, self.kind)
        status, out = self.regadm("export", "--all", "-o", "all.tar")
        self.check_left_out("export", status, {i["reference"] for i in out.get("images", [])})
        status, out = self.regadm("tags", "--all", "**")
        tags = {f"{r['name']}:{t['tag']}" for r in out.get("repositories", []) for t in r["tags"]}
        self.check_left_out("tags", status, tags)
        if not self.follow:  # which copy has not
            status, out = self.regadm("copy", HERE, "copied")
            self.check_left_out("copy", status, set(Registry("copied").tags()))

    def run(self):
        self.check_gc(Registry.revisions)
        self.check_gc(Registry.tags, "-m")
        self.check_readers()
        for what in self.wrong:
            print(f"FAIL {self.place} {self.kind}: {what}")


n = 0
for place in places():
    for kind in KINDS:
        if (kind == "folder") == os.path.isdir(os.path.join(SAMPLE, place)) and kind in ("file", "folder"):
            continue
        Case(place, kind).run()
        n += 1
print(f"ok each of {n} odd places was looked at")
