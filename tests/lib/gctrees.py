#!/usr/bin/env python3
"""Collect random small registries with regadm and with the registry's own collector, and compare what is left.

    gctrees.py compare REGADM DOCKER-REGISTRY SECONDS [SEED]
    gctrees.py kill REGADM [SEED]

Each tree is also judged by a model in a few lines here (reach below), which regadm must agree with link by link. Where
the registry's collector (2.8) is known to be right, its blobs must be the same too; where it is known to lose what is
in use (indexes and referrers with --delete-untagged, tags without revision link, repositories without _layers), regadm
must have kept it.
"""
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

V2 = "docker/registry/v2"
OCI = "application/vnd.oci.image."


class Repo:
    def __init__(self, name):
        self.name = name
        self.layers, self.revisions, self.tags, self.history = set(), set(), {}, set()


class Tree:
    """A registry in memory: blobs by digest, what manifests refer to, repositories."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.blobs, self.refs, self.children, self.subject = {}, {}, {}, {}
        self.repos = [Repo(n) for n in self.rng.sample(["a", "a/b", "a-b", "zoo", "m/n/o"], self.rng.randint(1, 4))]
        self.nonce = 0
        self.pool = [self.blob(f"base {i} of {seed}") for i in range(4)]
        for repo in self.repos:
            self.fill(repo)
        for i in range(self.rng.randint(0, 4)):
            self.blob(f"garbage {i}")

    def blob(self, text):
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.blobs[digest] = text
        return digest

    def fresh(self):
        self.nonce += 1
        return self.blob(f"layer {self.nonce}")

    def manifest(self, repo, body, refs, children=(), subject=None):
        if subject:
            body["subject"] = {"mediaType": OCI + "manifest.v1+json", "digest": "sha256:" + subject, "size": 1}
        digest = self.blob(json.dumps(body))
        repo.revisions.add(digest)
        self.refs[digest], self.children[digest], self.subject[digest] = set(refs), set(children), subject
        return digest

    def image(self, repo, subject=None):
        layers = self.rng.sample(self.pool, self.rng.randint(0, 2)) + [self.fresh() for _ in range(self.rng.randint(0, 2))]
        config = self.fresh()
        repo.layers |= {config, *layers}
        def describe(kind, digest):
            return {"mediaType": OCI + kind, "digest": "sha256:" + digest, "size": len(self.blobs[digest])}
        return self.manifest(repo, {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                                    "config": describe("config.v1+json", config),
                                    "layers": [describe("layer.v1.tar", d) for d in layers]},
                             [config, *layers], subject=subject)

    def index(self, repo, children):
        self.nonce += 1
        return self.manifest(repo, {"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "annotations": {"n": str(self.nonce)},
                                    "manifests": [{"mediaType": OCI + "manifest.v1+json", "digest": "sha256:" + c, "size": 1}
                                                  for c in children]}, children, children)

    def fill(self, repo):
        rng = self.rng
        for _ in range(rng.randint(0, 6)):
            known = sorted(repo.revisions)
            what = rng.random()
            if what < 0.2 and known:
                made = self.index(repo, rng.sample(known, rng.randint(1, min(3, len(known)))))
            elif what < 0.3 and known:
                made = self.image(repo, subject=rng.choice(known))
            else:
                made = self.image(repo)
            if rng.random() < 0.6:
                tag = rng.choice("xyz")
                repo.tags[tag] = made
                repo.history.add((tag, made))
        for digest in sorted(repo.revisions):
            if rng.random() < 0.1 and (rng.random() < 0.2 or digest not in repo.tags.values()):
                repo.revisions.discard(digest)
        if repo.tags and rng.random() < 0.2:
            del repo.tags[rng.choice(sorted(repo.tags))]
        for layer in self.pool:
            if rng.random() < 0.1:
                repo.layers.add(layer)

    def write(self, root):
        def put(path, text):
            path = os.path.join(root, V2, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.write(text)
        os.makedirs(os.path.join(root, V2, "repositories"))
        for digest, text in self.blobs.items():
            put(f"blobs/sha256/{digest[:2]}/{digest}/data", text)
        for r in self.repos:
            base = f"repositories/{r.name}"
            links = [f"_layers/sha256/{d}/link" for d in r.layers] + [f"_manifests/revisions/sha256/{d}/link" for d in r.revisions]
            for link in links:
                put(f"{base}/{link}", "sha256:" + link.split("/")[-2])
            for tag, digest in r.history:
                put(f"{base}/_manifests/tags/{tag}/index/sha256/{digest}/link", "sha256:" + digest)
            for tag, digest in r.tags.items():
                put(f"{base}/_manifests/tags/{tag}/current/link", "sha256:" + digest)

    # The rules

    def reach(self, repo, untagged):
        """Digests a repository needs."""
        todo = list(repo.tags.values()) + ([] if untagged else sorted(repo.revisions))
        entered, reached = set(), set()
        while todo:
            digest = todo.pop()
            if digest in entered:
                continue
            entered.add(digest)
            reached |= {digest} | self.refs.get(digest, set())
            follow = self.refs.get(digest, set()) if digest in repo.revisions else set()
            todo += [d for d in follow if d in repo.revisions]
            todo += self.children.get(digest, ()) if digest not in repo.revisions else ()
            todo += [d for d in repo.revisions if self.subject.get(d) in reached]
        return reached

    def expected(self, untagged):
        """Blobs and links that must be left."""
        left, marked = set(), set()
        for r in self.repos:
            reached = self.reach(r, untagged)
            marked |= reached
            left |= {f"{r.name}/_layers/{d}" for d in r.layers & reached}
            left |= {f"{r.name}/_manifests/{d}" for d in r.revisions & reached}
        return marked & set(self.blobs), left

    def upstream_is_right(self, untagged):
        for r in self.repos:
            if not r.layers and (r.revisions or r.tags) or set(r.tags.values()) - r.revisions:
                return False
            if untagged and any(self.children.get(d) or self.subject.get(d) for d in r.revisions):
                return False
        return True


def left_in(root):
    """Blobs and links on disk, as Tree.expected gives them."""
    blobs, links = set(), set()
    for folder, _, files in os.walk(os.path.join(root, V2)):
        parts = os.path.relpath(folder, os.path.join(root, V2)).split("/")
        if "data" in files and parts[0] == "blobs":
            blobs.add(parts[-1])
        elif "link" in files and parts[-3] in ("_layers", "revisions"):
            name = "/".join(parts[1:parts.index("_layers" if "_layers" in parts else "_manifests")])
            links.add(f"{name}/{'_layers' if '_layers' in parts else '_manifests'}/{parts[-1]}")
    return blobs, links


def run(command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def upstream_blobs(program, root, untagged):
    """What its collector leaves; None when it gave up."""
    config = os.path.join(root, "config.yml")
    with open(config, "w") as f:
        json.dump({"version": 0.1, "storage": {"filesystem": {"rootdirectory": root}}}, f)
    done = run([program, "garbage-collect", *(["-m"] if untagged else []), config])
    return left_in(root)[0] if done.returncode == 0 else None


def compare(seed, untagged, regadm, registry, scratch):
    """What is wrong with one tree, or nothing; and whether the registry's collector was compared."""
    tree = Tree(seed)
    ours, theirs = os.path.join(scratch, "ours"), os.path.join(scratch, "theirs")
    tree.write(ours)
    shutil.copytree(ours, theirs)
    blobs, links = tree.expected(untagged)
    done = run([regadm, "--root", ours, "gc", "--yes", "--quiet", "--min-age", "0"] + (["-m"] if untagged else []))
    got_blobs, got_links = left_in(ours)
    if done.returncode not in (0, 1):
        return f"regadm ended with {done.returncode}: {done.stderr.decode()}", False
    if got_blobs != blobs or got_links != links:
        return f"lost {sorted((blobs | links) - got_blobs - got_links)}, left {sorted((got_blobs | got_links) - blobs - links)}", False
    peer = upstream_blobs(registry, theirs, untagged)
    if peer is None:
        return "", False
    right = tree.upstream_is_right(untagged)
    if right and peer != blobs:
        return f"the registry leaves other blobs: {sorted(peer ^ blobs)}", True
    if not peer <= blobs:
        return f"the registry keeps more: {sorted(peer - blobs)}", True
    return "", right


def compare_many(regadm, registry, seconds, seed=1):
    trees, same, end = 0, 0, time.monotonic() + float(seconds)
    seed = int(seed)
    while time.monotonic() < end:
        for untagged in (False, True):
            with tempfile.TemporaryDirectory(prefix="gc-tree-") as scratch:
                wrong, compared = compare(seed, untagged, regadm, registry, scratch)
            if wrong:
                print(f"FAIL seed-{seed}{'-m' if untagged else ''}: {wrong}")
                return 1
            trees += 1
            same += compared
        seed += 1
    print(f"ok {trees} random trees as the model says, {same} of them as the registry's own collector leaves them")
    return 0


def killed_at(n, tree, regadm, root):
    """Whether the n-th unlinkat came; and what is wrong."""
    blobs, links = tree.expected(True)
    command = [regadm, "--root", root, "gc", "--yes", "--quiet", "--min-age", "0", "-m", "-j", "1"]
    inject = f"inject=unlinkat:signal=KILL:when={n}"
    done = run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=unlinkat", "-e", inject, *command])
    got_blobs, got_links = left_in(root)
    if not (blobs <= got_blobs and links <= got_links):
        return True, f"lost {sorted((blobs - got_blobs) | (links - got_links))}"
    again = run(command)
    if again.returncode != 0 or left_in(root) != (blobs, links):
        return True, f"the next run ends with {again.returncode}, and left {left_in(root)}"
    return done.returncode != 0, ""


def kill(regadm, seed=None):
    # The first tree with much to do.
    seed = int(seed) if seed else next(i for i in range(1, 1000) if len(Tree(i).blobs) - len(Tree(i).expected(True)[0]) > 12)
    tree, n, came = Tree(seed), 0, True
    while came:
        n += 1
        with tempfile.TemporaryDirectory(prefix="gc-kill-") as scratch:
            tree.write(scratch)
            came, wrong = killed_at(n, tree, regadm, scratch)
        if wrong:
            print(f"FAIL killed at unlinkat {n} of seed {seed}: {wrong}")
            return 1
    print(f"ok killed at each of {n - 1} removals" if n > 20 else f"FAIL only {n - 1} removals")
    return 0


if __name__ == "__main__":
    sys.exit({"compare": compare_many, "kill": kill}[sys.argv[1]](*sys.argv[2:]))
